import Foundation
import InboundHTTP
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

struct StreamingTests {
    @Test func `a handler that does not read a body holds the client back`() async throws {
        let (release, signal) = AsyncStream<Void>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.POST, "/later", access: .public, operation("later"), bodyLimit: 64_000_000) { request in
                for await _ in release {}
                var count = 0
                for try await chunk in request.body { count += chunk.readableBytes }
                return .text("\(count)")
            }
        }
        try await withServer(routes) { port, _ in
            let client = try RawClient(port: port)
            let size = 50_000_000
            try client.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            // Kernel buffers hold some megabytes: the rest must stay here until the handler reads.
            let sent = client.sendWithoutWaiting([UInt8](repeating: 1, count: size))
            #expect(sent < size)
            signal.finish()
            try await client.sendLater([UInt8](repeating: 1, count: size - sent))
            #expect(try await client.response()?.text == "\(size)")
        }
    }

    @Test(arguments: [true, false])
    func `the handler's task is cancelled when the client goes`(byReset: Bool) async throws {
        let (started, startSignal) = AsyncStream<Void>.makeStream()
        let (ended, endSignal) = AsyncStream<Bool>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/wait", access: .public, operation("wait")) { _ in
                startSignal.yield()
                do {
                    try await untilCancelled()
                } catch {
                    endSignal.yield(error is CancellationError)
                    throw error
                }
                return .text("late")
            }
        }
        try await withServer(routes) { port, server in
            var client: RawClient? = try RawClient(port: port)
            try client?.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started { break }
            if byReset { client?.reset() }
            client = nil
            for await isCancelled in ended {
                #expect(isCancelled)
                break
            }
        }
    }

    @Test func `a stream that fails is cut, not ended`() async throws {
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/cut", access: .public, operation("cut")) { _ in
                HTTPResponse(
                    contentType: .text,
                    body: .stream { writer in
                        try await writer.write("half")
                        throw Unforeseen()
                    }
                )
            }
        }
        try await withServer(routes) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
            let (bytes, fate) = try await client.readToEnd()
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(fate == .closed)
            #expect(text.hasSuffix("4\r\nhalf\r\n"))
        }
    }

    @Test func `a slow reader receives a large stream whole`() async throws {
        let size = 8_000_000
        let routes: (inout Router) -> Void = { router in
            router.add(.GET, "/large", access: .public, operation("large")) { _ in
                HTTPResponse(
                    contentType: .bytes,
                    body: .stream { writer in
                        for number in 0..<1_000 {
                            try await writer.write([UInt8](repeating: UInt8(number & 0xFF), count: size / 1_000))
                        }
                    }
                )
            }
        }
        // Reading eight million bytes takes longer than a request may when the sanitizer watches.
        try await withServer(routes, settings: .adjusted { $0.requestDeadline = .seconds(300) }) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /large HTTP/1.0\r\nHost: a\r\n\r\n")
            var all: [UInt8] = []
            while let bytes = try await client.read(atMost: 10_000), !bytes.isEmpty { all += bytes }
            let body = try #require(all.firstRange(of: Array("\r\n\r\n".utf8)))
            let expected = (0..<1_000).flatMap { [UInt8](repeating: UInt8($0 & 0xFF), count: size / 1_000) }
            #expect(all[body.upperBound...].elementsEqual(expected))
        }
    }

    @Test func `a body cut by the client is an error and never a short body`() async throws {
        let (outcomes, signal) = AsyncStream<Bool>.makeStream()
        let routes: (inout Router) -> Void = { router in
            router.add(.POST, "/take", access: .public, operation("take")) { request in
                do {
                    _ = try await request.body.collect()
                    signal.yield(false)
                } catch {
                    signal.yield(true)
                    throw error
                }
                return .noContent
            }
        }
        try await withServer(routes) { port, _ in
            for framing in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"] {
                let client = try RawClient(port: port)
                try client.send("POST /take HTTP/1.1\r\nHost: a\r\n\(framing)")
                client.shutdownOutput()
                for await failed in outcomes {
                    #expect(failed)
                    break
                }
            }
        }
    }
}
