import Concurrency
import Dispatch
import Glibc
import Pooling
import Testing

@testable import OutboundHTTP

@Suite("HTTP client, failures", .timeLimit(.minutes(5)))
struct HTTPClientFailureTests {
    private static let echo: ScriptedServer.Script = { connection in
        while let request = try await connection.request() { try await connection.respond(request.line) }
    }

    private static let silent: ScriptedServer.Script = { connection in
        _ = try await connection.request()
        await connection.waitForClose()
    }

    @Test func `a refused connection is a connect error and nothing was sent`() async throws {
        let closed = try ClosedPort()
        try await withClient(closed.url) { client in
            let error = await client.failure(closed.url)
            #expect(error?.code == .connect)
            #expect(error?.requestWasSent == false)
            #expect(error?.connectionWasStale == false)
        }
    }

    @Test func `a pool that cannot dial reports why`() async throws {
        let closed = try ClosedPort()
        let settings = HTTPClientSettings.forTests(maxSize: 1, probe: .init())
        try await withClient(closed.url, settings: settings) { client in
            let error = await client.failure(closed.url)
            #expect(error?.code == .connect)
            #expect(error?.requestWasSent == false)
            #expect(error?.cause is PoolError)
        }
    }

    @Test func `a name that does not exist is a resolve error`() async throws {
        // The resolver may take its time to give up.
        try await withClient("http://no-such-host.invalid") { client in
            let error = await client.failure("http://no-such-host.invalid/")
            #expect(error?.code == .resolve)
            #expect(error?.requestWasSent == false)
        }
    }

    @Test func `a name is resolved outside libcurl`() async throws {
        try await ScriptedServer.with(script: Self.echo) { server in
            let url = "http://localhost:\(server.port)"
            try await withClient(url) { client in
                let text = try await client.get(url).text
                #expect(text == "GET / HTTP/1.1")
            }
        }
    }

    @Test func `a pool that is exhausted is a pool error`() async throws {
        let settings = HTTPClientSettings.forTests.with { $0.pool.acquireTimeout = .seconds(3) }
        try await ScriptedServer.with(script: Self.silent) { server in
            try await withClient(server.url, settings: settings) { client in
                await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await client.get(server.url) }
                    #expect(await eventually { server.counts.requests == 1 })
                    let error = await client.failure(server.url)
                    #expect(error?.code == .pool)
                    group.cancelAll()
                    await #expect(throws: CancellationError.self) { try await group.next() }
                }
            }
        }
    }

    @Test func `a handshake that never ends is a connect timeout`() async throws {
        let script: ScriptedServer.Script = { await $0.waitForClose() }
        let settings = HTTPClientSettings.forTests.with { $0.connectTimeout = .milliseconds(100) }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.tlsURL, settings: settings) { client in
                let error = await client.failure(server.tlsURL)
                #expect(error?.code == .timeout(.connect))
                #expect(error?.requestWasSent == false)
            }
        }
    }

    @Test func `a server that does not answer is a read timeout`() async throws {
        let settings = HTTPClientSettings.forTests.with { $0.readTimeout = .milliseconds(100) }
        try await ScriptedServer.with(script: Self.silent) { server in
            try await withClient(server.url, settings: settings) { client in
                let error = await client.failure(server.url)
                #expect(error?.code == .timeout(.read))
                #expect(error?.requestWasSent == true)
                #expect(await eventually { server.counts.open == 0 })
            }
        }
    }

    @Test func `a server that falls silent within the body is a read timeout`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            await connection.waitForClose()
        }
        let settings = HTTPClientSettings.forTests.with { $0.readTimeout = .milliseconds(100) }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: settings) { client in
                let error = await client.failure(server.url)
                #expect(error?.code == .timeout(.read))
            }
        }
    }

    @Test func `a body that comes slowly is read as long as it comes`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            for _ in 0..<10 {
                try await connection.pause(for: .milliseconds(400))
                try await connection.send("x")
            }
        }
        let settings = HTTPClientSettings.forTests.with { $0.readTimeout = .seconds(3) }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: settings) { client in
                let response = try await client.get(server.url)
                #expect(response.text == "xxxxxxxxxx")
                #expect(response.timings.total > settings.readTimeout)
            }
        }
    }

    @Test func `a stall of this process is no silence of the server`() async throws {
        let isStalled = AsyncStream<Void>.makeStream()
        let mayGoOn = DispatchSemaphore(value: 0)
        let settings = HTTPClientSettings.forTests.with { $0.readTimeout = .milliseconds(300) }
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            for await _ in isStalled.stream { break }
            try await connection.respond("in time")
            try await connection.pause(for: .milliseconds(400))
            mayGoOn.signal()
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient([server.url], settings: settings) { client, reactor in
                try await withThrowingTaskGroup(of: String.self) { group in
                    group.addTask { try await client.get(server.url).text }
                    #expect(await eventually { server.counts.requests == 1 })
                    reactor.submit {
                        isStalled.continuation.yield()
                        // Longer than the read timeout, and the answer comes meanwhile.
                        mayGoOn.wait()
                    }
                    let text = try await group.next()
                    #expect(text == "in time")
                }
            }
        }
    }

    @Test func `the deadline ends what keeps dripping`() async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request(), request.line.contains("warm") {
                try await connection.respond("")
            }
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
            while true {
                try await connection.pause(for: .milliseconds(5))
                try await connection.send("x")
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                _ = try await client.get("\(server.url)/warm")
                let error = await client.failure(server.url, deadline: .after(.seconds(3)))
                #expect(error?.code == .timeout(.total))
                #expect(error?.requestWasSent == true)
            }
            try await withClient(server.url, settings: .forTests.with { $0.totalTimeout = .seconds(3) }) { client in
                _ = try await client.get("\(server.url)/warm")
                let error = await client.failure(server.url)
                #expect(error?.code == .timeout(.total))
            }
        }
    }

    @Test func `a body cut short is no body`() async throws {
        let script: ScriptedServer.Script = { connection in
            let request = try await connection.request()
            let isChunked = request?.line.contains("chunked") == true
            let framing = isChunked ? "Transfer-Encoding: chunked\r\n\r\n64\r\n" : "Content-Length: 100\r\n\r\n"
            try await connection.send("HTTP/1.1 200 OK\r\n\(framing)abc")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                for path in ["length", "chunked"] {
                    let error = await client.failure("\(server.url)/\(path)")
                    #expect(error?.code == .truncated)
                    #expect(error?.requestWasSent == true)
                }
            }
        }
    }

    @Test func `a reset within the body is a truncation`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            try await connection.reset()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let error = await client.failure(server.url)
                // A reset may overtake what was sent before it.
                #expect(error?.code == .truncated || error?.code == .connectionLost)
                #expect(error?.requestWasSent == true)
            }
        }
    }

    @Test(arguments: [false, true])
    func `a new connection that ends without an answer was not stale`(isReset: Bool) async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            if isReset { try await connection.reset() }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let error = await client.failure(server.url)
                #expect(error?.code == .connectionLost)
                #expect(error?.requestWasSent == true)
                #expect(error?.connectionWasStale == false)
                #expect(server.counts.requests == 1)
            }
        }
    }

    @Test(arguments: ["GET", "POST"], [false, true])
    func `a used connection that ends without an answer was stale and nothing is sent again`(
        method: String,
        isReset: Bool
    ) async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond("first")
            _ = try await connection.request()
            if isReset { try await connection.reset() }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let text = try await client.get(server.url).text
                #expect(text == "first")
                let error = await #expect(throws: HTTPClientError.self) {
                    let body = method == "POST" ? Array("once".utf8) : nil
                    let request = HTTPClientRequest(method: method, url: server.url, body: body, owner: "test")
                    return try await client.execute(request, deadline: .after(.seconds(90)))
                }
                #expect(error?.code == .connectionLost)
                #expect(error?.requestWasSent == true)
                #expect(error?.connectionWasStale == true)
                #expect(server.counts.requests == 2)
                #expect(server.counts.connections == 1)

                let next = try await client.get(server.url)
                #expect(next.text == "first")
                #expect(server.counts.connections == 2)
            }
        }
    }

    @Test func `a connection the server closes while it is idle is never used`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond("once")
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                for count in 1...5 {
                    let text = try await client.get(server.url).text
                    #expect(text == "once")
                    #expect(await eventually { client.pools.allSatisfy { $0.snapshot.idle == 0 } })
                    #expect(server.counts.connections == count)
                }
            }
        }
    }

    @Test func `bytes after a response are never taken for the next one`() async throws {
        let script: ScriptedServer.Script = { connection in
            while let request = try await connection.request() {
                let forged = request.line.contains("forged") ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged" : ""
                try await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal\(forged)")
            }
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                for _ in 0..<50 {
                    let first = try await client.get("\(server.url)/forged")
                    let second = try await client.get(server.url)
                    #expect(first.text == "real")
                    #expect(second.text == "real")
                }
            }
        }
    }

    @Test func `a server that talks unasked loses its connection`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.respond("real")
            try await connection.pause(for: .milliseconds(50))
            try await connection.respond("forged", status: "408 Request Timeout")
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                let first = try await client.get(server.url)
                #expect(first.text == "real")
                #expect(await eventually { server.counts.open == 0 })
                let second = try await client.get(server.url)
                #expect(second.text == "real")
            }
        }
    }

    @Test func `a body over the limit is refused, announced or not`() async throws {
        let script: ScriptedServer.Script = { connection in
            let request = try await connection.request()
            let isChunked = request?.line.contains("chunked") == true
            let framing = isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 2000\r\n\r\n"
            try await connection.send("HTTP/1.1 200 OK\r\n\(framing)")
            let piece = String(repeating: "x", count: 100)
            for _ in 0..<20 { try await connection.send(isChunked ? "64\r\n\(piece)\r\n" : piece) }
            await connection.waitForClose()
        }
        let settings = HTTPClientSettings.forTests.with { $0.maxBodyBytes = 1000 }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: settings) { client in
                for path in ["length", "chunked"] {
                    let error = await client.failure("\(server.url)/\(path)")
                    #expect(error?.code == .bodyTooLarge)
                }
                var request = HTTPClientRequest(url: server.url, owner: "test")
                request.maxBodyBytes = 2000
                let response = try await client.execute(request, deadline: .after(.seconds(90)))
                #expect(response.body.count == 2000)
            }
        }
    }

    @Test func `a head over the limit is refused`() async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send("HTTP/1.1 200 OK\r\n")
            for number in 0..<1000 {
                try await connection.send("X-\(number): \(String(repeating: "x", count: 90))\r\n")
            }
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url, settings: .forTests.with { $0.maxHeadBytes = 10_000 }) { client in
                #expect(await client.failure(server.url)?.code == .protocol)
            }
        }
    }

    @Test(arguments: [
        "hello\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
    ])
    func `what is no HTTP is a protocol error`(answer: String) async throws {
        let script: ScriptedServer.Script = { connection in
            _ = try await connection.request()
            try await connection.send(answer)
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                #expect(await client.failure(server.url)?.code == .protocol)
            }
        }
    }

    @Test func `cancelling closes the connection and frees its place`() async throws {
        let script: ScriptedServer.Script = { connection in
            let request = try await connection.request()
            if request?.line.contains("fast") == true { try await connection.respond("fast") }
            await connection.waitForClose()
        }
        try await ScriptedServer.with(script: script) { server in
            try await withClient(server.url) { client in
                // Awaited below.
                let task = Task { try await client.get("\(server.url)/slow") }
                #expect(await eventually { server.counts.requests == 1 })
                task.cancel()

                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(await eventually { server.counts.open == 0 })
                let text = try await client.get("\(server.url)/fast").text
                #expect(text == "fast")
                #expect(server.counts.connections == 2)
            }
        }
    }

    @Test func `cancellations at random moments lose nothing`() async throws {
        try await ScriptedServer.with(script: Self.echo) { server in
            try await withClient(server.url, settings: .forTests(maxSize: 4)) { client in
                for round in 0..<300 {
                    // Awaited at the end of each round.
                    let tasks = (0..<4).map { number in
                        Task { try await client.get("\(server.url)/\(round)-\(number)").text }
                    }
                    for _ in 0..<(round % 40) { await Task.yield() }
                    for task in tasks.shuffled().prefix(2) { task.cancel() }
                    for (number, task) in tasks.enumerated() {
                        do {
                            let value = try await task.value
                            #expect(value == "GET /\(round)-\(number) HTTP/1.1")
                        } catch is CancellationError {}
                    }
                }
                let text = try await client.get(server.url).text
                #expect(text == "GET / HTTP/1.1")
                #expect(client.pools.allSatisfy { $0.snapshot.active == 0 })
            }
        }
    }

    @Test(arguments: [
        ("GET", "X-A", "1\r\nX-B: 2"), ("GET", "X-A", "1\nX-B: 2"), ("GET", "X-A", "a\0b"), ("GET", "X A", "1"),
        ("GET", "", "1"), ("GET", "X:A", "1"), ("GET", "Content-Length", "5"), ("GET", "transfer-encoding", "chunked"),
        ("GET", "Host", "elsewhere"), ("GET / HTTP/1.1\r\nX:", "X-A", "1"), ("", "X-A", "1"),
    ])
    func `what would change the meaning of a request is refused`(
        method: String,
        name: String,
        value: String
    ) async throws {
        try await withClient("http://127.0.0.1:1") { client in
            let error = await #expect(throws: HTTPClientError.self) {
                try await client.execute(
                    HTTPClientRequest(method: method, url: "http://127.0.0.1:1/", headers: [(name, value)], owner: "t"),
                    deadline: .after(.seconds(90))
                )
            }
            #expect(error?.code == .invalidRequest)
            #expect(error?.message.contains(value) == false || value.count < 2)
        }
    }
}

/// A port that refuses connections: bound, so that nobody else gets it, and not listened on.
final class ClosedPort {
    private let descriptor: CInt
    private let port: UInt16

    var url: String { "http://127.0.0.1:\(self.port)" }

    init() throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        self.port = UInt16(bigEndian: address.sin_port)
        try #require(isBound)
    }

    deinit {
        close(self.descriptor)
    }
}
