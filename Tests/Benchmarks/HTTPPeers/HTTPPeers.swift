import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// The servers that ours is compared with: `http-peers nio PORT` and `http-peers hummingbird PORT`.
///
/// Each runs on one event loop and answers `/static`, `/json/{id}` and `/jobs` with the content ours has there.
@main
enum HTTPPeers {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let port = Int(arguments[2]) else {
            throw UsageError(message: "usage: http-peers nio|hummingbird PORT")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        if arguments[1] == "nio" {
            try await BareServer.run(port: port, group: group)
        } else {
            try await HummingbirdServer.run(port: port, group: group)
        }
    }
}

struct UsageError: Error {
    var message: String
}
