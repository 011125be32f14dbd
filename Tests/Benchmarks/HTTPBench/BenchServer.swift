import Foundation
import Glibc
import InboundHTTP
import JSON
import Logging
import Metrics
import Monitoring
import NIOCore
import NIOPosix

/// Our server as the application runs it: metrics registry, access log in JSON, security fields, one event loop.
enum BenchServer {
    private struct Job {
        var id: String
        var name: String
        var stream: String
        var streamID: String
        var workstation: String
        var priority: Int
        var estimatedSeconds: Int
        var isCritical: Bool

        func write(to json: inout JSONWriter) {
            json.beginObject()
            json.field("id", self.id)
            json.field("name", self.name)
            json.field("stream", self.stream)
            json.field("streamId", self.streamID)
            json.field("workstation", self.workstation)
            json.field("folder", "/finance/daily")
            json.field("engine", "default")
            json.field("status", "RUNNING")
            json.field("internalStatus", "EXEC")
            json.field("run", 1)
            json.field("priority", self.priority)
            json.field("scheduledAt", "2026-01-15T05:52:00Z")
            json.field("startedAt", "2026-01-15T05:53:10Z")
            json.field("estimatedSeconds", self.estimatedSeconds)
            json.field("critical", self.isCritical)
            json.field("late", false)
            json.field("held", false)
            json.field("canceled", false)
            json.field("changedAt", "2026-01-15T05:53:10Z")
            json.endObject()
        }
    }

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
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        )
        try await server.run()
    }

    private static func router() -> Router {
        let jobs = (0..<20).map { number in
            Job(
                id: "default~\(1_000 + number)",
                name: "LOAD_\(number)",
                stream: "NIGHTLY_\(number / 4)",
                streamID: "\(number / 4)",
                workstation: "AGENT_\(number % 3)",
                priority: 10 + number,
                estimatedSeconds: 60 * number,
                isCritical: number % 5 == 0
            )
        }
        var router = Router()
        router.add(.GET, "/static", access: .public, self.operation("static")) { _ in .text("Hello, World!") }
        router.add(.GET, "/json/{id:int}", access: .public, self.operation("small")) { request in
            var json = JSONWriter(capacity: 64)
            json.beginObject()
            json.field("id", try request.parameters.requireInt("id"))
            json.field("name", "LOAD_7")
            json.field("status", "RUNNING")
            json.endObject()
            return .json(json.bytes)
        }
        router.add(.GET, "/jobs", access: .public, self.operation("jobs")) { _ in
            var json = JSONWriter(capacity: 8_192)
            json.beginObject()
            json.key("items")
            json.beginArray()
            for job in jobs { job.write(to: &json) }
            json.endArray()
            json.field("nextCursor", "MjA")
            json.field("total", 4_711)
            json.endObject()
            return .json(json.bytes)
        }
        return router
    }

    private static func operation(_ id: String) -> OperationDescription {
        OperationDescription(id: id, summary: id, tag: "bench")
    }
}
