import Hummingbird
import Logging
import NIOPosix

/// The same routes on Hummingbird, written as its documentation does.
enum HummingbirdServer {
    private struct Small: ResponseEncodable {
        var id: Int
        var name: String
        var status: String
    }

    private struct Job: ResponseEncodable {
        var id: String
        var name: String
        var stream: String
        var streamId: String
        var workstation: String
        var folder: String
        var engine: String
        var status: String
        var internalStatus: String
        var run: Int
        var priority: Int
        var scheduledAt: String
        var startedAt: String
        var estimatedSeconds: Int
        var critical: Bool
        var late: Bool
        var held: Bool
        var canceled: Bool
        var changedAt: String
    }

    private struct Page: ResponseEncodable {
        var items: [Job]
        var nextCursor: String
        var total: Int
    }

    static func run(port: Int, group: MultiThreadedEventLoopGroup) async throws {
        let jobs = (0..<20).map { number in
            Job(
                id: "default~\(1_000 + number)",
                name: "LOAD_\(number)",
                stream: "NIGHTLY_\(number / 4)",
                streamId: "\(number / 4)",
                workstation: "AGENT_\(number % 3)",
                folder: "/finance/daily",
                engine: "default",
                status: "RUNNING",
                internalStatus: "EXEC",
                run: 1,
                priority: 10 + number,
                scheduledAt: "2026-01-15T05:52:00Z",
                startedAt: "2026-01-15T05:53:10Z",
                estimatedSeconds: 60 * number,
                critical: number % 5 == 0,
                late: false,
                held: false,
                canceled: false,
                changedAt: "2026-01-15T05:53:10Z"
            )
        }
        let router = Router()
        router.get("static") { _, _ in "Hello, World!" }
        router.get("json/:id") { _, context in
            Small(id: try context.parameters.require("id", as: Int.self), name: "LOAD_7", status: "RUNNING")
        }
        router.get("jobs") { _, _ in Page(items: jobs, nextCursor: "MjA", total: 4_711) }
        var logger = Logger(label: "hummingbird")
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
        try await application.runService()
    }
}
