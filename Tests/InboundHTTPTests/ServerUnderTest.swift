import InboundHTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on a free port of the loopback interface, with event loops of its own, stopped at the end of `body`.
func withServer<Result>(
    _ routes: (inout Router) -> Void = addTestRoutes,
    settings: HTTPServerSettings = .adjusted { _ in },
    middleware: [any Middleware] = [],
    errorMapping: @escaping ErrorMapping = { _ in nil },
    _ body: (_ port: Int, _ server: HTTPServer) async throws -> Result
) async throws -> Result {
    var router = Router()
    routes(&router)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let server = try HTTPServer(
        settings: settings,
        router: router,
        middleware: middleware,
        logger: logger,
        eventLoopGroup: group,
        errorMapping: errorMapping
    )
    let address = try await server.bind()
    let result: Swift.Result<Result, any Error>
    // Awaited below, after the server has been told to stop.
    async let running: Void = server.run()
    do {
        result = .success(try await body(address.port ?? 0, server))
    } catch {
        result = .failure(error)
    }
    server.stop()
    try await running
    try await group.shutdownGracefully()
    return try result.get()
}

extension HTTPServerSettings {
    /// A free port of the loopback interface, a short drain, and what `adjust` changes.
    static func adjusted(_ adjust: (inout HTTPServerSettings) -> Void) -> Self {
        var settings = Self(host: "127.0.0.1", port: 0)
        settings.drainTimeout = .seconds(2)
        adjust(&settings)
        return settings
    }
}

func operation(_ id: String) -> OperationDescription {
    OperationDescription(id: id, summary: id, tag: "test")
}

/// Routes most tests use.
func addTestRoutes(_ router: inout Router) {
    router.add(.GET, "/ok", access: .public, operation("ok")) { _ in .text("ok") }
    router.add(.GET, "/jobs/{id}", access: .public, operation("job"), allowedQuery: ["limit"]) { request in
        .text(try request.parameters.require("id"))
    }
    router.add(.POST, "/echo", access: .public, operation("echo")) { request in
        let body = try await request.body.collect()
        return HTTPResponse(contentType: .bytes, body: .buffer(body))
    }
    router.add(.POST, "/ignore", access: .public, operation("ignore")) { _ in .text("ignored") }
    router.add(.POST, "/small", access: .public, operation("small"), bodyLimit: 16) { request in
        .text("\(try await request.body.collect().readableBytes)")
    }
    router.add(.PUT, "/json", access: .public, operation("json")) { request in
        .json(Array(try await request.jsonBody().readableBytesView))
    }
    router.add(.GET, "/fails", access: .public, operation("fails")) { _ in throw Unforeseen() }
    router.add(.GET, "/stream", access: .public, operation("stream")) { _ in
        HTTPResponse(
            contentType: .text,
            body: .stream { writer in
                for number in 0..<3 { try await writer.write("part \(number)\n") }
            }
        )
    }
}

struct Unforeseen: Error {}
