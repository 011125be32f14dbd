import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// The servers that ours is compared with: `http-peers nio PORT` and `http-peers hummingbird PORT JOBS`.
///
/// Each runs on one event loop and answers `/static`, `/json/{id}` and `/jobs` with the content ours has there; for the
/// jobs that is the file.
@main
enum HTTPPeers {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let port = Int(arguments[2]) else {
            throw UsageError(message: "usage: http-peers nio PORT, http-peers hummingbird PORT JOBS")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        if arguments[1] == "nio" {
            try await BareServer.run(port: port, group: group)
        } else {
            let jobs = try Data(contentsOf: URL(filePath: arguments.last ?? ""))
            try await HummingbirdServer.run(port: port, jobs: jobs, group: group)
        }
    }
}

struct UsageError: Error {
    var message: String
}
