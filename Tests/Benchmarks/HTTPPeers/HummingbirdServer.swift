import Foundation
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

    /// The fields of a job in the plan; what a job does not have is left out.
    private struct Job: Codable {
        var id: String
        var name: String
        var stream: String
        var streamId: String
        var workstation: String
        var folder: String
        var engine: String
        var status: String
        var internalStatus: String
        var substatus: String?
        var returnCode: Int?
        var run: Int
        var runId: String?
        var priority: Int
        var scheduledAt: String?
        var startedAt: String?
        var endedAt: String?
        var estimatedSeconds: Double?
        var elapsedSeconds: Double?
        var deadlineAt: String?
        var critical: Bool
        var late: Bool
        var held: Bool
        var canceled: Bool
        var changedAt: String
    }

    private struct Freshness: Codable {
        var source: String
        var fetchedAt: String
        var ageSeconds: Double
        var stale: Bool
    }

    private struct Position: Codable {
        var epoch: String
        var offset: Int
    }

    private struct Page: Codable, ResponseEncodable {
        var items: [Job]
        var nextCursor: String
        var total: Int
        var freshness: Freshness
        var position: Position
    }

    /// `jobs` is the answer of Resync that is to be encoded for each request.
    static func run(port: Int, jobs: Data, group: MultiThreadedEventLoopGroup) async throws {
        let page = try JSONDecoder().decode(Page.self, from: jobs)
        let router = Router()
        router.get("static") { _, _ in "Hello, World!" }
        router.get("json/:id") { _, context in
            Small(id: try context.parameters.require("id", as: Int.self), name: "LOAD_7", status: "RUNNING")
        }
        router.get("jobs") { _, _ in page }
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
