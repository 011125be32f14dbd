import Concurrency
import Testing

@testable import OutboundHTTP

@Suite("HTTP client, bodies made while they are sent", .timeLimit(.minutes(5)))
struct HTTPClientUploadTests {
    private struct OutOfPaper: Error {}

    /// Makes a given number of pieces of 100,000 bytes.
    private final class Source: Sendable {
        private let count: Int
        private let made = Locked(0)

        init(_ count: Int) {
            self.count = count
        }

        var isUsedUp: Bool { self.made.withLock { $0 > self.count } }

        func next() -> [UInt8]? {
            let number = self.made.withLock { made in
                made += 1
                return made
            }
            return number <= self.count ? [UInt8](repeating: UInt8(number % 251), count: 100_000) : nil
        }
    }

    /// Answers with length and framing of each body.
    private static let measure: ScriptedServer.Script = { connection in
        while let request = try await connection.request() {
            try await connection.respond("\(request.body.count) \(request.header("Transfer-Encoding") ?? "identity")")
        }
    }

    private func request(_ server: ScriptedServer, _ body: HTTPBodyStream) -> HTTPClientRequest {
        var request = HTTPClientRequest(method: "POST", url: server.url, owner: "test")
        request.bodyStream = body
        return request
    }

    @Test(arguments: [2_000_000, nil] as [Int?])
    func `a body arrives whole, with its length or in chunks`(length: Int?) async throws {
        try await ScriptedServer.with(script: Self.measure) { server in
            try await withClient(server.url) { client in
                for _ in 0..<3 {
                    let source = Source(20)
                    let body = HTTPBodyStream(length: length) { source.next() }
                    let response = try await client.execute(
                        self.request(server, body),
                        deadline: .after(.seconds(90))
                    )
                    #expect(response.text == "2000000 \(length == nil ? "chunked" : "identity")")
                    #expect(source.isUsedUp)
                }
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `an empty body is a body`() async throws {
        try await ScriptedServer.with(script: Self.measure) { server in
            try await withClient(server.url) { client in
                let body = HTTPBodyStream { nil }
                let response = try await client.execute(self.request(server, body), deadline: .after(.seconds(90)))
                #expect(response.text == "0 chunked")
            }
        }
    }

    @Test(arguments: [1_950_000, 2_100_000])
    func `a body of another length than announced fails`(length: Int) async throws {
        try await ScriptedServer.with(script: Self.measure) { server in
            try await withClient(server.url) { client in
                let source = Source(20)
                let body = HTTPBodyStream(length: length) { source.next() }
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client.execute(self.request(server, body), deadline: .after(.seconds(90)))
                }
                #expect(error?.code == .invalidRequest)
                #expect(server.counts.requests == 0)
            }
        }
    }

    @Test func `an error of the body ends the request with it`() async throws {
        try await ScriptedServer.with(script: Self.measure) { server in
            try await withClient(server.url) { client in
                let source = Source(3)
                let body = HTTPBodyStream {
                    guard let bytes = source.next() else { throw OutOfPaper() }
                    return bytes
                }
                await #expect(throws: OutOfPaper.self) {
                    try await client.execute(self.request(server, body), deadline: .after(.seconds(90)))
                }
                #expect(await eventually { server.counts.open == 0 })
                #expect(server.counts.requests == 0)
            }
        }
    }

    @Test func `a response that comes early ends the body`() async throws {
        let script: ScriptedServer.Script = { connection in
            try await connection.send(
                "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                // Has no end of its own.
                let body = HTTPBodyStream { [UInt8](repeating: 0, count: 1000) }
                let response = try await client.execute(self.request(server, body), deadline: .after(.seconds(90)))
                #expect(response.status == 413)
            }
        }
    }

    @Test func `a server that does not read holds the body back`() async throws {
        let script: ScriptedServer.Script = { connection in
            await connection.stopReading()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: .forTests.with { $0.readTimeout = .seconds(1) }) { client in
                let source = Source(1000)
                let body = HTTPBodyStream { source.next() }
                let error = await #expect(throws: HTTPClientError.self) {
                    try await client.execute(self.request(server, body), deadline: .after(.seconds(90)))
                }
                #expect(error?.code == .timeout(.read))
                #expect(!source.isUsedUp)
            }
        }
    }

    @Test func `two bodies are refused`() async throws {
        try await withClient("http://127.0.0.1:1") { client in
            var request = HTTPClientRequest(method: "POST", url: "http://127.0.0.1:1", body: [1], owner: "test")
            request.bodyStream = HTTPBodyStream { nil }
            let error = await #expect(throws: HTTPClientError.self) {
                try await client.execute(request, deadline: .after(.seconds(90)))
            }
            #expect(error?.code == .invalidRequest)
        }
    }
}
