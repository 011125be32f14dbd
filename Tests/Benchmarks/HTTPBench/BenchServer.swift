import Foundation
import Glibc
import InboundHTTP
import JSON
import Logging
import Metrics
import Monitoring
import NIOCore
import NIOPosix
import ResyncApp

/// Our server as the application runs it: metrics registry, access log in JSON, security fields, one event loop.
enum BenchServer {
    static func run(port: Int) async throws {
        let log = LogOutput(format: .json, level: .info, descriptor: open("/dev/null", O_WRONLY))
        LoggingSystem.bootstrap { log.handler(label: $0) }
        MetricsSystem.bootstrap(MetricsRegistry())
        var settings = HTTPServerSettings(host: "127.0.0.1", port: port)
        settings.responseHeaders = [
            ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
        ]
        let server = try HTTPServer(
            settings: settings,
            router: self.router(),
            logger: Logger(label: "http"),
            accessLog: RequestLog(log, logger: "http"),
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        )
        try await server.run()
    }

    private static func router() -> Router {
        var router = Router()
        router.add(
            .GET,
            "/static",
            access: .public,
            self.operation("static"),
            immediateHandler: { _ in .text("Hello, World!") }
        )
        router.add(.GET, "/json/{id:int}", access: .public, self.operation("small"), immediateHandler: self.small)
        return router
    }

    @Sendable private static func small(_ request: HTTPRequest) throws -> HTTPResponse {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        json.field("id", try request.parameters.requireInt("id"))
        json.field("name", "LOAD_7")
        json.field("status", "RUNNING")
        json.endObject()
        return .json(json.bytes)
    }

    private static func operation(_ id: String) -> OperationDescription {
        OperationDescription(id: id, summary: id, tag: "bench")
    }
}
