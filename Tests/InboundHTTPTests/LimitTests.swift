import Concurrency
import Foundation
import InboundHTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Times are cut to fractions of a second; the tests wait for what the server does, never for time to pass.
struct LimitTests {
    private static func short(_ settings: inout HTTPServerSettings) {
        settings.limits.headTime = .milliseconds(200)
        settings.limits.bodyGrace = .milliseconds(200)
        settings.limits.writeStallTime = .milliseconds(300)
        settings.limits.lingerTime = .milliseconds(200)
    }

    @Test func `a head that trickles is cut off however busy it is`() async throws {
        try await withServer(settings: .adjusted(Self.short)) { port, _ in
            let client = try RawClient(port: port)
            let deadline = Deadline.after(.seconds(30))
            try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n")
            // A byte at a time, each well within any idle time, until the server has had enough.
            while !client.hasInput(within: 20), !deadline.hasPassed { try client.send("x") }
            #expect(try await client.response()?.status == 408)
        }
    }

    @Test func `an idle connection is closed without a word`() async throws {
        try await withServer(settings: .adjusted { $0.limits.idleTime = .milliseconds(300) }) { port, _ in
            let fresh = try RawClient(port: port)
            let used = try RawClient(port: port)
            try used.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.response()?.status == 200)
            #expect(try await fresh.readToEnd() == ([], .closed))
            #expect(try await used.readToEnd() == ([], .closed))
        }
    }

    @Test func `a body that stops coming is answered with 408 and closed`() async throws {
        try await withServer(settings: .adjusted(Self.short)) { port, _ in
            let client = try RawClient(port: port)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
            let (bytes, fate) = try await client.readToEnd()
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            #expect(fate == .closed)
        }
    }

    @Test func `a handler that outlives its deadline is cancelled and the client told`() async throws {
        let held = Locked<CheckedContinuation<Void, Never>?>(nil)
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/slow", access: .public, operation("slow"), deadline: .milliseconds(100)) { _ in
                try await untilCancelled()
                return .text("late")
            }
            router.add(.GET, "/stubborn", access: .public, operation("stubborn"), deadline: .milliseconds(100)) { _ in
                // Ends when the test lets it, and not when it is cancelled.
                await withCheckedContinuation { done in held.withLock { $0 = done } }
                return .text("late")
            }
        }
        try await withServer(routes, settings: .adjusted(Self.short)) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let slow = try #require(try await client.response())
            #expect(slow.status == 504)
            #expect(slow.text.contains(#""code":"deadline-exceeded""#))
            try client.send("GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n")
            let (bytes, fate) = try await client.readToEnd()
            held.withLock { $0 }?.resume()
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 504 "))
            #expect(fate == .closed)
        }
    }

    @Test func `a client that stops reading is dropped and its handler cancelled`() async throws {
        let (cancelled, signal) = AsyncStream<Void>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/endless", access: .public, operation("endless")) { _ in
                HTTPResponse(
                    contentType: .bytes,
                    body: .stream { writer in
                        defer { signal.finish() }
                        while true { try await writer.write([UInt8](repeating: 7, count: 65_536)) }
                    }
                )
            }
        }
        try await withServer(routes, settings: .adjusted(Self.short)) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in cancelled {}
            #expect(try await client.readToEnd().fate == .closed)
        }
    }

    @Test func `beyond the connections allowed the next waits until one closes`() async throws {
        try await withServer(settings: .adjusted { $0.maxConnections = 2 }) { port, server in
            var first: RawClient? = try RawClient(port: port)
            let second = try RawClient(port: port)
            for client in [first, second] {
                try client?.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client?.response()?.status == 200)
            }
            #expect(server.openConnections == 2)
            let third = try RawClient(port: port)
            try third.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!third.hasInput(within: 200))
            first = nil
            #expect(try await third.response()?.status == 200)
        }
    }

    @Test func `requests sent ahead while one is being answered stop at the bound`() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let (sent, sentSignal) = AsyncStream<Void>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/wait", access: .public, operation("wait")) { _ in
                signal.yield()
                for await _ in sent {}
                return .text("waited")
            }
            router.add(.GET, "/n", access: .public, operation("n"), allowedQuery: ["n"]) { .text($0.query["n"] ?? "") }
        }
        try await withServer(routes, settings: .adjusted { $0.limits.pipelinedRequests = 4 }) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            try client.send((0..<2_000).map { "GET /n?n=\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            sentSignal.finish()
            var leftover: [UInt8] = []
            #expect(try await client.response(leftover: &leftover)?.text == "waited")
            for number in 0..<2_000 {
                #expect(try await client.response(leftover: &leftover)?.text == "\(number)")
            }
        }
    }
}
