import Foundation
import InboundHTTP
import NIOCore
import NIOHTTP1
import Testing

struct MiddlewareTests {
    /// Writes its name into every answer that passes.
    private struct Stamp: Middleware {
        var name: String

        func before(_ request: HTTPRequest) -> MiddlewareStep { .proceed }

        func after(_ request: HTTPRequest, _ response: inout HTTPResponse) {
            response.headers.add(name: "x-stamp", value: "\(self.name) \(request.route?.template ?? "-")")
        }
    }

    /// Refuses what needs a role, at once or after a wait.
    private struct Guard: Middleware {
        var waits: Bool

        func before(_ request: HTTPRequest) throws -> MiddlewareStep {
            let problem: HTTPProblem? =
                if case .role? = request.route?.access {
                    HTTPProblem(.unauthorized, code: "unauthenticated", headers: ["www-authenticate": "Bearer"])
                } else {
                    nil
                }
            if self.waits {
                return .wait {
                    await Task.yield()
                    if let problem { throw problem }
                    return nil
                }
            }
            if let problem { throw problem }
            return .proceed
        }
    }

    /// Answers in the handler's place.
    private struct Shortcut: Middleware {
        var waits: Bool

        func before(_ request: HTTPRequest) -> MiddlewareStep {
            self.waits ? .wait { .text("shortcut") } : .answer(.text("shortcut"))
        }
    }

    private struct Teapot: Error {}

    private static func teapot(_ error: any Error) -> HTTPProblem? {
        error is Teapot ? HTTPProblem(.imATeapot, code: "teapot") : nil
    }

    private static let routes: @Sendable (inout Router) -> Void = { router in
        addTestRoutes(&router)
        router.add(.GET, "/secret", access: .role("admin"), operation("secret")) { _ in .text("secret") }
        router.add(.GET, "/teapot", access: .public, operation("teapot")) { _ in throw Teapot() }
        router.add(.GET, "/text", access: .public, operation("text"), allowedQuery: ["n"]) { request in
            .text(String(repeating: "compressible ", count: try request.query.int("n") ?? 0))
        }
        router.add(.GET, "/address", access: .public, operation("address")) { request in
            .text("\(request.context.remoteAddress) \(request.context.isLoopback)")
        }
        router.add(.GET, "/immediate", access: .public, operation("immediate"), immediateHandler: { _ in .text("now") })
        router.add(
            .GET,
            "/immediate-teapot",
            access: .public,
            operation("immediateTeapot"),
            immediateHandler: { _ in throw Teapot() }
        )
        router.add(
            .GET,
            "/immediate-secret",
            access: .role("admin"),
            operation("immediateSecret"),
            immediateHandler: { _ in .text("secret") }
        )
        router.add(
            .GET,
            "/immediate-stream",
            access: .public,
            operation("immediateStream"),
            immediateHandler: { _ in HTTPResponse(body: .stream { try await $0.write("one") }) }
        )
        router.add(
            .GET,
            "/immediate-text",
            access: .public,
            operation("immediateText"),
            immediateHandler: { _ in .text(String(repeating: "compressible ", count: 10_000)) }
        )
        router.add(.GET, "/trace", access: .public, operation("trace")) { .text($0.context.traceParent ?? "none") }
    }

    private func ask(_ port: Int, _ request: String, fields: String = "") async throws -> RawResponse {
        let client = try RawClient(port: port)
        try client.send("\(request) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return try #require(try await client.response())
    }

    @Test(arguments: [
        ("GET /ok", 200, "/ok"), ("GET /nothing", 404, "-"), ("DELETE /ok", 405, "-"), ("OPTIONS /ok", 204, "-"),
        ("GET /fails", 500, "/fails"), ("GET /ok?x=1", 400, "/ok"), ("GET /secret", 401, "/secret"),
        ("GET /teapot", 418, "/teapot"), ("GET /immediate", 200, "/immediate"),
        ("GET /immediate-teapot", 418, "/immediate-teapot"), ("GET /immediate-secret", 401, "/immediate-secret"),
    ])
    func `every answer passes the middleware from the inside out`(
        request: String,
        status: Int,
        template: String
    ) async throws {
        for waits in [false, true] {
            try await withServer(
                Self.routes,
                middleware: [Stamp(name: "outer"), Stamp(name: "inner"), Guard(waits: waits)],
                errorMapping: Self.teapot
            ) { port, _ in
                let response = try await self.ask(port, request)
                #expect(response.status == status)
                #expect(
                    response.fields.filter { $0.name == "x-stamp" }.map(\.value) == [
                        "inner \(template)", "outer \(template)",
                    ]
                )
            }
        }
    }

    @Test(arguments: [true, false])
    func `a layer can answer in the handler's place, and only the layers before it see the answer`(
        waits: Bool
    ) async throws {
        try await withServer(
            Self.routes,
            middleware: [Stamp(name: "outer"), Shortcut(waits: waits), Stamp(name: "inner")]
        ) { port, _ in
            let response = try await self.ask(port, "GET /fails")
            #expect(response.text == "shortcut")
            #expect(response.fields.filter { $0.name == "x-stamp" }.map(\.value) == ["outer /fails"])
        }
    }

    @Test func `an answer made at once may be a stream or long enough to be compressed elsewhere`() async throws {
        try await withServer(Self.routes) { port, _ in
            #expect(try await self.ask(port, "GET /immediate-stream").text == "one")
            let packed = try await self.ask(port, "GET /immediate-text", fields: "Accept-Encoding: gzip\r\n")
            #expect(packed["content-encoding"] == "gzip")
            #expect(try await gunzip(packed.body) == String(repeating: "compressible ", count: 10_000))
        }
    }

    @Test func `an unforeseen error tells the client nothing of its cause`() async throws {
        try await withServer(Self.routes) { port, _ in
            let response = try await self.ask(port, "GET /fails")
            #expect(response.text.contains(#""code":"internal-error""#))
            #expect(!response.text.contains("Unforeseen"))
        }
    }

    @Test func `a problem names each unknown query parameter`() async throws {
        try await withServer(Self.routes) { port, _ in
            let response = try await self.ask(port, "GET /ok?one=1&two=2")
            #expect(response.text.contains(#""pointer":"one""#))
            #expect(response.text.contains(#""pointer":"two""#))
            #expect(response.text.contains(#""instance":"/ok""#))
        }
    }

    @Test func `gzip is used for what is long enough and only when asked for`() async throws {
        try await withServer(Self.routes) { port, _ in
            let plain = try await self.ask(port, "GET /text?n=1000")
            #expect(plain["content-encoding"] == nil)
            #expect(plain["vary"] == "Accept-Encoding")
            for count in [100, 1_000, 100_000] {
                let packed = try await self.ask(port, "GET /text?n=\(count)", fields: "Accept-Encoding: gzip\r\n")
                #expect(packed["content-encoding"] == "gzip")
                #expect(packed["vary"] == "Accept-Encoding")
                #expect(try await gunzip(packed.body) == String(repeating: "compressible ", count: count))
            }
            let short = try await self.ask(port, "GET /text?n=1", fields: "Accept-Encoding: gzip\r\n")
            #expect(short["content-encoding"] == nil)
            let stream = try await self.ask(port, "GET /stream", fields: "Accept-Encoding: gzip\r\n")
            #expect(stream["content-encoding"] == nil)
        }
    }

    @Test func `the client's address comes from the proxy only when the proxy is trusted`() async throws {
        let fields = "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n"
        try await withServer(Self.routes) { port, _ in
            let text = try await self.ask(port, "GET /address", fields: fields).text
            #expect(text == "127.0.0.1 true")
        }
        try await withServer(Self.routes, settings: .adjusted { $0.trustedProxies = ["127.0.0.0/8"] }) { port, _ in
            let text = try await self.ask(port, "GET /address", fields: fields).text
            #expect(text == "1.2.3.4 false")
        }
    }

    @Test func `the trace of the client goes on`() async throws {
        try await withServer(Self.routes) { port, _ in
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let trace = try await self.ask(port, "GET /trace", fields: "traceparent: \(parent)\r\n").text
            #expect(trace.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
            #expect(trace.hasSuffix("-01"))
            #expect(trace != parent)
            #expect(try await self.ask(port, "GET /trace", fields: "traceparent: junk\r\n").text == "none")
        }
    }

    @Test func `JSON is refused when it is not declared, and fields of the server go into every answer`() async throws {
        try await withServer(
            Self.routes,
            settings: .adjusted { $0.responseHeaders = [("x-content-type-options", "nosniff")] }
        ) {
            port,
            _ in
            let client = try RawClient(port: port)
            try client.send("PUT /json HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
            let refused = try #require(try await client.response())
            #expect(refused.status == 415)
            #expect(refused["x-content-type-options"] == "nosniff")
            try client.send(
                "PUT /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            )
            #expect(try await client.response()?.text == "{}")
            try client.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?["x-content-type-options"] == "nosniff")
        }
    }
}

/// By the system's own gzip, not by the code under test.
private func gunzip(_ bytes: [UInt8]) async throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gz")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-dc", file.path(percentEncoded: false)]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}
