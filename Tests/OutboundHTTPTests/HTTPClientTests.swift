import Concurrency
import Pooling
import Testing

@testable import OutboundHTTP

@Suite("HTTP client", .timeLimit(.minutes(5)))
struct HTTPClientTests {
    /// Answers every request with its request line.
    private static let echo: ScriptedServer.Script = { connection in
        while let request = try await connection.request() { try await connection.respond(request.line) }
    }

    @Test func `a response has status, headers and body`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond(
                "gone",
                status: "404 Not Found",
                headers: "X-One: 1\r\nx-one: 2\r\nX-Two: \r\n"
            )
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let response = try await client.get("\(server.url)/a%20b/../c?x=1&y")

                #expect(response.status == 404)
                #expect(response.text == "gone")
                #expect(response.headers.values("X-ONE") == ["1", "2"])
                #expect(response.headers["x-two"] == "")
                #expect(response.headers["absent"] == nil)
            }
        }
    }

    @Test func `a request is sent as it is`() async throws {
        let received = Locked<ScriptedServer.Request?>(nil)
        let script: ScriptedServer.Script = { connection in
            let request = try await connection.request()
            received.withLock { $0 = request }
            try await connection.respond("")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let request = HTTPClientRequest(
                    method: "PUT",
                    url: "\(server.url)/a/../b?q=%41",
                    headers: [("Accept", "application/json"), ("X-Empty", ""), ("X-Umlaut", "ä")],
                    body: Array("hello".utf8),
                    owner: "test"
                )
                _ = try await client.execute(request, deadline: .after(.seconds(90)))
            }
            let request = try #require(received.withLock { $0 })
            #expect(request.line == "PUT /a/../b?q=%41 HTTP/1.1")
            #expect(request.header("Host") == "127.0.0.1:\(server.port)")
            #expect(request.header("Accept") == "application/json")
            #expect(request.header("X-Empty") == "")
            #expect(request.header("X-Umlaut") == "ä")
            #expect(request.header("User-Agent") == "resync")
            #expect(request.header("Content-Length") == "5")
            #expect(request.header("Content-Type") == nil)
            #expect(request.header("Expect") == nil)
            #expect(request.body == Array("hello".utf8))
        }
    }

    @Test(arguments: [("POST", true), ("PUT", true), ("DELETE", false), ("GET", false), ("OPTIONS", false)])
    func `a method without a body says so where a body is usual`(method: String, sendsLength: Bool) async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request() {
                try await connection.respond("\(request.line) \(request.header("Content-Length") ?? "-")")
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let request = HTTPClientRequest(method: method, url: server.url, owner: "test")
                let response = try await client.execute(request, deadline: .after(.seconds(90)))
                #expect(response.text == "\(method) / HTTP/1.1 \(sendsLength ? "0" : "-")")
            }
        }
    }

    @Test func `a large body goes up and comes down whole`() async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request() {
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                try await connection.send(request.body)
            }
        }
        let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let response = try await client.post(server.url, body)
                #expect(response.body == body)
            }
        }
    }

    @Test func `requests in a row use one connection`() async throws {
        try await ScriptedServer.with(script: Self.echo) { server in
            try await withClient(server.url) { client in
                let reused = try await [1, 2, 3].asyncMap {
                    try await client.get("\(server.url)/\($0)").timings.reusedConnection
                }
                #expect(reused == [false, true, true])
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `a probe opens the connection before the first request`() async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.requestAfterProbe() { try await connection.respond(request.line) }
        }
        let settings = HTTPClientSettings.forTests(maxSize: 1, probe: .init(target: "/probe"))
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: settings) { client in
                let response = try await client.get(server.url)
                #expect(response.text == "GET / HTTP/1.1")
                #expect(response.timings.reusedConnection)
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `a response without keep-alive is followed by a new connection`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond("bye", headers: "Connection: close\r\n")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                for _ in 0..<3 {
                    let text = try await client.get(server.url).text
                    #expect(text == "bye")
                }
                #expect(server.counts.connections == 3)
            }
        }
    }

    @Test func `a hundred requests at once use eight connections`() async throws {
        try await ScriptedServer.with(script: Self.echo) { server in
            try await withClient(server.url, settings: .forTests(maxSize: 8)) { client in
                let texts = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<100 {
                        group.addTask { try await client.get("\(server.url)/\(number)").text }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(texts == Set((0..<100).map { "GET /\($0) HTTP/1.1" }))
                #expect(server.counts.connections <= 8)
            }
        }
    }

    @Test func `the limit for an origin wins over the pool's`() async throws {
        let settings = HTTPClientSettings.forTests(maxSize: 8).with { $0.maxPerHost = 2 }
        try await ScriptedServer.with(script: Self.echo) { server in
            try await withClient(server.url, settings: settings) { client in
                #expect(client.pools.map(\.snapshot.maxSize) == [2])
            }
        }
    }

    @Test func `each origin has its own pool and strangers have none`() async throws {
        try await ScriptedServer.with(script: Self.echo) { first in
            try await ScriptedServer.with(script: Self.echo) { second in
                try await withClient(first.url, second.url) { client in
                    #expect(client.pools.map(\.name) == ["test", "test.1"])
                    _ = try await client.get(first.url)
                    _ = try await client.get(second.url)
                    #expect(first.counts.requests == 1)
                    #expect(second.counts.requests == 1)

                    let error = await client.failure("http://127.0.0.1:1/")
                    #expect(error?.code == .invalidRequest)
                }
            }
        }
    }

    @Test func `redirects are answers`() async throws {
        let script: ScriptedServer.Script = { connection in
            while try await connection.request() != nil {
                try await connection.respond("", status: "302 Found", headers: "Location: /elsewhere\r\n")
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let response = try await client.get(server.url)
                #expect(response.status == 302)
                #expect(response.headers["Location"] == "/elsewhere")
                #expect(server.counts.requests == 1)
            }
        }
    }

    @Test func `responses without a body leave the connection usable`() async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request() {
                switch request.line {
                case "HEAD / HTTP/1.1": try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
                case "GET /none HTTP/1.1": try await connection.send("HTTP/1.1 204 No Content\r\n\r\n")
                case "GET /same HTTP/1.1": try await connection.send("HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")
                default: try await connection.respond("end")
                }
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let head = HTTPClientRequest(method: "HEAD", url: server.url, owner: "test")
                let response = try await client.execute(head, deadline: .after(.seconds(90)))
                #expect(response.headers["Content-Length"] == "99")
                #expect(response.body.isEmpty)
                let none = try await client.get("\(server.url)/none")
                #expect(none.status == 204)
                let same = try await client.get("\(server.url)/same")
                #expect(same.status == 304)
                let text = try await client.get("\(server.url)/end").text
                #expect(text == "end")
                #expect(server.counts.connections == 1)
            }
        }
    }

    @Test func `interim responses, chunks and trailers are understood`() async throws {
        let script: ScriptedServer.Script = { connection in
            while try await connection.request() != nil {
                try await connection.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n")
                try await connection.send("Transfer-Encoding: chunked\r\nX-Folded: a\r\n  b\r\n\r\n3\r\nabc\r\n")
                try await connection.send("2;ext=1\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let response = try await client.get(server.url)
                #expect(response.status == 200)
                #expect(response.text == "abcde")
                #expect(response.headers["Link"] == nil)
                #expect(response.headers["X-Folded"] == "a b")
                let isReused = try await client.get(server.url).timings.reusedConnection
                #expect(isReused)
            }
        }
    }

    #if THREAD_SANITIZER
    // A leak is looked for in the ordinary build; here it is threads that matter, and each request takes ten times as long.
    private static let manyRequests = 1000
    #else
    private static let manyRequests = 10_000
    #endif

    @Test func `many requests in a row leave no descriptor behind`() async throws {
        try await ScriptedServer.with(script: Self.echo) { server in
            try await withClient(server.url) { client in
                _ = try await client.get(server.url)
                let before = try openDescriptors()
                for _ in 0..<Self.manyRequests { _ = try await client.get(server.url) }
                let after = try openDescriptors()

                // Other tests of the process open some meanwhile; a leak would be thousands.
                #expect(after - before < 1000)
                #expect(server.counts.connections == 1)
                #expect(server.counts.requests == Self.manyRequests + 1)
            }
        }
    }

    @Test func `many connections in a row leave no descriptor behind`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond("bye", headers: "Connection: close\r\n")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let before = try openDescriptors()
                for _ in 0..<Self.manyRequests / 5 { _ = try await client.get(server.url) }
                #expect(try openDescriptors() - before < 1000)
                #expect(server.counts.connections == Self.manyRequests / 5)
            }
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
