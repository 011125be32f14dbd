import Concurrency
import Foundation
import Testing

@testable import OutboundHTTP

@Suite("HTTP client, streams", .timeLimit(.minutes(5)))
struct HTTPClientStreamTests {
    private struct Enough: Error {}

    /// Sends a given number of megabytes and says how much the system has taken so far.
    private static func source(megabytes: Int, sent: SentCount) -> ScriptedServer.Script {
        { connection in
            while try await connection.request() != nil {
                let total = megabytes * 1024 * 1024
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                let piece = [UInt8](repeating: 7, count: 64 * 1024)
                for _ in 0..<(total / piece.count) {
                    try await connection.send(piece)
                    sent.bytes.withLock { $0 += piece.count }
                }
            }
        }
    }

    private final class SentCount: Sendable {
        let bytes = Locked(0)
    }

    private func request(_ server: ScriptedServer) -> HTTPClientRequest {
        HTTPClientRequest(url: server.url, owner: "test")
    }

    @Test func `a stream hands over head, bytes and end`() async throws {
        try await ScriptedServer.with(script: Self.source(megabytes: 4, sent: SentCount())) { server in
            try await withClient(server.url) { client in
                for _ in 0..<2 {
                    var heads: [Int] = []
                    var count = 0
                    try await client.stream(self.request(server), deadline: .after(.seconds(90))) { head in
                        heads.append(head.status)
                    } onBody: { bytes in
                        count += bytes.count
                        #expect(bytes == [UInt8](repeating: 7, count: bytes.count))
                    }
                    #expect(heads == [200])
                    #expect(count == 4 * 1024 * 1024)
                }
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `bytes are handed over before the response is complete`() async throws {
        let script: ScriptedServer.Script = { connection in
            while try await connection.request() != nil {
                try await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                // Only the next request ends the response to this one.
                await connection.waitForClose()
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                var received: [UInt8] = []
                await #expect(throws: Enough.self) {
                    try await client.stream(self.request(server), deadline: .after(.seconds(90))) { _ in
                    } onBody: { bytes in
                        received += bytes
                        if received.count >= 5 { throw Enough() }
                    }
                }
                #expect(received == Array("first".utf8))
                #expect(await eventually { server.counts.open == 0 })
            }
        }
    }

    /// What the system's buffers of one connection hold at most, in megabytes: both ends grow theirs as they see fit.
    private static func systemBuffers() throws -> Int {
        try ["tcp_rmem", "tcp_wmem"].reduce(0) { sum, name in
            let limits = try String(contentsOfFile: "/proc/sys/net/ipv4/\(name)", encoding: .utf8)
            return sum + (Int(try #require(limits.split(whereSeparator: \.isWhitespace).last)) ?? 0) / (1024 * 1024)
        }
    }

    @Test func `a consumer that does not take holds the server back`() async throws {
        let sent = SentCount()
        // Ours, curl's and the server's own.
        let limit = try Self.systemBuffers() + 2
        let megabytes = limit + 32
        try await ScriptedServer.with(script: Self.source(megabytes: megabytes, sent: sent)) { server in
            try await withClient(server.url, settings: .forTests.with { $0.maxBodyBytes = .max }) { client in
                var count = 0
                var largest = 0
                try await client.stream(self.request(server), deadline: .after(.seconds(90))) { _ in
                } onBody: { bytes in
                    if count == 0 {
                        // Taken by the system's buffers and ours, while nothing is taken here.
                        #expect(await eventually { sent.bytes.withLock { $0 } >= 512 * 1024 })
                    }
                    count += bytes.count
                    largest = max(largest, bytes.count)
                    #expect(sent.bytes.withLock { $0 } - count < limit * 1024 * 1024)
                }
                #expect(count == megabytes * 1024 * 1024)
                #expect(largest <= 256 * 1024 + 16 * 1024)
            }
        }
    }

    @Test func `a consumer slower than the read timeout does not end the stream`() async throws {
        let settings = HTTPClientSettings.forTests.with {
            $0.maxBodyBytes = .max
            $0.readTimeout = .seconds(3)
        }
        try await ScriptedServer.with(script: Self.source(megabytes: 16, sent: SentCount())) { server in
            try await withClient(server.url, settings: settings) { client in
                var count = 0
                try await client.stream(self.request(server), deadline: .after(.seconds(90))) { _ in
                } onBody: { bytes in
                    if count == 0 { try await pause(for: .milliseconds(6500)) }
                    count += bytes.count
                }
                #expect(count == 16 * 1024 * 1024)
            }
        }
    }

    @Test func `a stream cut short hands over what came and then fails`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                var received: [UInt8] = []
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client.stream(self.request(server), deadline: .after(.seconds(90))) { _ in
                    } onBody: { bytes in
                        received += bytes
                    }
                }
                #expect(error?.code == .truncated)
                #expect(received == Array("abc".utf8))
            }
        }
    }

    @Test func `a stream over the limit ends at it`() async throws {
        let settings = HTTPClientSettings.forTests.with { $0.maxBodyBytes = 1024 * 1024 }
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let piece = "1000\r\n\(String(repeating: "x", count: 4096))\r\n"
            while true { try await connection.send(piece) }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: settings) { client in
                var count = 0
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client.stream(self.request(server), deadline: .after(.seconds(90))) { _ in
                    } onBody: { bytes in
                        count += bytes.count
                    }
                }
                #expect(error?.code == .bodyTooLarge)
                #expect(count <= 1024 * 1024)
            }
        }
    }

    @Test func `cancelling a stream closes its connection`() async throws {
        let sent = SentCount()
        try await ScriptedServer.with(script: Self.source(megabytes: 512, sent: sent)) { server in
            try await withClient(server.url, settings: .forTests.with { $0.maxBodyBytes = .max }) { client in
                let request = self.request(server)
                // Awaited below.
                let task = Task {
                    try await client.stream(request, deadline: .after(.seconds(90))) { _ in
                    } onBody: { _ in
                        // Nothing comes: ends when cancelled.
                        for await _ in AsyncStream<Void>.makeStream().stream {}
                    }
                }
                #expect(await eventually { sent.bytes.withLock { $0 } > 0 })
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(await eventually { server.counts.open == 0 })
            }
        }
    }
}
