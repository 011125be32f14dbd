import Logging
import NIOCore
import NIOPosix

@testable import WebSockets

/// A connection manager behind a listening socket, without the HTTP part of the upgrade.
enum SocketServer {
    /// Waits until the server has seen the end of every connection, which may be after the client has.
    static func untilEmpty(_ manager: ConnectionManager) async {
        while manager.figures.open > 0 { await Task.yield() }
    }

    static func with<Result: Sendable>(
        _ settings: SocketSettings = SocketSettings(),
        expiresAfter: Duration = .seconds(3600),
        isInForce: @escaping @Sendable () -> Bool = { true },
        body: @Sendable (ConnectionManager, Int) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        let user = SocketUser(
            name: "alice",
            roles: ["viewer"],
            expiresAt: .now.advanced(by: expiresAfter),
            isInForce: isInForce
        )
        let manager = ConnectionManager(
            settings: settings,
            node: "n1",
            eventLoopGroup: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            topicAccess: { topic, _ in topic == "secret" ? .forbidden : topic == "none" ? .unknown : .allowed },
            authenticate: { token in
                token == "good"
                    ? SocketUser(name: "alice", roles: ["viewer"], expiresAt: .now.advanced(by: .seconds(600))) : nil
            }
        )
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.socketOption(.so_sndbuf), value: 8192)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let admission = try manager.admit(user, address: "127.0.0.1")
                    try manager.open(admission, compression: false, on: channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await manager.run() }
            defer { tasks.cancelAll() }
            let result = try await body(manager, port)
            try await server.close()
            return result
        }
    }
}
