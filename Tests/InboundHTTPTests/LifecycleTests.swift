import Foundation
import InboundHTTP
import Logging
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

struct LifecycleTests {
    @Test func `draining lets a running request end and refuses new ones`() async throws {
        let (started, startSignal) = AsyncStream<Void>.makeStream()
        let (release, releaseSignal) = AsyncStream<Void>.makeStream()
        let routes: (inout Router) -> Void = { router in
            addTestRoutes(&router)
            router.add(.GET, "/wait", access: .public, operation("wait")) { _ in
                startSignal.yield()
                for await _ in release {}
                return .text("done")
            }
        }
        try await withServer(routes, settings: .adjusted { $0.drainTimeout = .seconds(20) }) { port, server in
            let running = try RawClient(port: port)
            let idle = try RawClient(port: port)
            try idle.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.response()?.status == 200)
            try running.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            server.stop()
            // Asked until the drain has begun, on a new connection each time, as a load balancer would.
            var refused: RawResponse?
            while refused == nil {
                let client = try RawClient(port: port)
                try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try #require(try await client.response())
                if response.status == 503 { refused = response }
            }
            #expect(refused?.text.contains(#""code":"shutting-down""#) == true)
            #expect(refused?["retry-after"] != nil)
            #expect(refused?["connection"] == "close")
            try idle.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.response()?.status == 503)
            releaseSignal.finish()
            let last = try #require(try await running.response())
            #expect(last.text == "done")
            #expect(last["connection"] == "close")
        }
    }

    @Test func `a request that outlasts the drain is cancelled`() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/wait", access: .public, operation("wait"), deadline: .seconds(100)) { _ in
                signal.yield()
                try await untilCancelled()
                return .text("late")
            }
        }
        try await withServer(routes, settings: .adjusted { $0.drainTimeout = .milliseconds(50) }) { port, server in
            let client = try RawClient(port: port)
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            server.stop()
            #expect(try await client.response()?.status == 503)
            #expect(try await client.readToEnd().fate == .closed)
        }
    }

    @Test func `an address in use is an error that says so`() async throws {
        try await withServer { port, _ in
            var router = Router()
            addTestRoutes(&router)
            let second = try HTTPServer(
                settings: HTTPServerSettings(host: "127.0.0.1", port: port),
                router: router,
                logger: .init(label: "test")
            )
            await #expect { try await second.bind() } throws: { ($0 as? HTTPServerError)?.code == .cannotBind }
        }
    }

    @Test func `an ambiguous route table stops the start`() {
        var router = Router()
        router.add(.GET, "/a/{x}", access: .public, operation("x")) { _ in .noContent }
        router.add(.GET, "/a/{y}", access: .public, operation("y")) { _ in .noContent }
        #expect(throws: RouterError.self) {
            try HTTPServer(settings: HTTPServerSettings(), router: router, logger: .init(label: "test"))
        }
    }
}
