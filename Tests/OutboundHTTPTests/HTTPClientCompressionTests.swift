import Foundation
import Testing

@testable import OutboundHTTP

@Suite("HTTP client, compression", .timeLimit(.minutes(5)))
struct HTTPClientCompressionTests {
    /// The word "squeezed".
    private static let word = [UInt8](Data(base64Encoded: "H4sIAAAAAAACAysuLE1NrUpNAQDeJhQACAAAAA==") ?? Data())

    /// A gzip member of zeros, made of deflate's densest code: 258 of them in 13 bits, over a thousand in a byte.
    ///
    /// Without the checksum at its end, which a receiver that stops in time does not reach.
    private static func zeros(repeats: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        var bits: [Bool] = []
        func append(_ code: Int, _ length: Int) {
            for bit in (0..<length).reversed() { bits.append(code >> bit & 1 == 1) }
        }
        // Last block, fixed codes: 1, then 01 with the lower bit first.
        append(0b110, 3)
        // A literal zero, then copies of 258 bytes at distance 1.
        append(0b0011_0000, 8)
        for _ in 0..<repeats {
            append(0b1100_0101, 8)
            append(0, 5)
        }
        append(0, 7)
        for start in stride(from: 0, to: bits.count, by: 8) {
            let octet = bits[start..<min(start + 8, bits.count)]
            bytes.append(octet.enumerated().reduce(0) { $1.element ? $0 | 1 << $1.offset : $0 })
        }
        return bytes
    }

    private static func serving(_ body: [UInt8]) -> ScriptedServer.Script {
        { connection in
            while let request = try await connection.request() {
                let isGzip = request.header("Accept-Encoding") == "gzip"
                let encoding = isGzip ? "Content-Encoding: gzip\r\n" : ""
                try await connection.send("HTTP/1.1 200 OK\r\n\(encoding)Content-Length: \(body.count)\r\n\r\n")
                try await connection.send(body)
            }
        }
    }

    @Test func `a compressed response is decompressed and says nothing of it`() async throws {
        try await ScriptedServer.with(script: Self.serving(Self.word)) { server in
            try await withClient(server.url) { client in
                let response = try await client.get(server.url)
                #expect(response.text == "squeezed")
                #expect(response.headers["Content-Encoding"] == nil)
                #expect(response.headers["Content-Length"] == nil)
            }
        }
    }

    @Test func `compression can be switched off`() async throws {
        try await ScriptedServer.with(script: Self.serving(Self.word)) { server in
            try await withClient(server.url, settings: .forTests.with { $0.acceptCompression = false }) { client in
                let response = try await client.get(server.url)
                #expect(response.body == Self.word)
            }
        }
    }

    @Test func `streams are not compressed`() async throws {
        try await ScriptedServer.with(script: Self.serving(Self.word)) { server in
            try await withClient(server.url) { client in
                var received: [UInt8] = []
                let request = HTTPClientRequest(url: server.url, owner: "test")
                try await client.stream(request, deadline: .after(.seconds(90))) { _ in
                } onBody: { bytes in
                    received += bytes
                }
                #expect(received == Self.word)
            }
        }
    }

    @Test func `what is small compressed is bounded by its real size`() async throws {
        let bomb = Self.zeros(repeats: 40_000)
        #expect(bomb.count < 66_000)
        let settings = HTTPClientSettings.forTests.with { $0.maxBodyBytes = 1_000_000 }
        try await ScriptedServer.with(script: Self.serving(bomb)) { server in
            try await withClient(server.url, settings: settings) { client in
                let error = await client.failure(server.url)
                #expect(error?.code == .bodyTooLarge)
            }
        }
    }
}
