import Concurrency
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The port of one node: it can be closed, with everything connected to it, and opened again at the same number.
final class NodeListener: Sendable {
    /// What a port serves.
    struct Role: Sendable {
        var node: Int
        var responder: any Responder
        var maxBodyBytes: Int
        /// Nil: plain HTTP.
        var tls: TLSContexts?
    }

    private struct State {
        var port: Int
        var channel: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let host: String
    private let role: Role
    private let group: any EventLoopGroup
    private let state: Locked<State>

    init(host: String, port: Int, role: Role, group: any EventLoopGroup) {
        self.host = host
        self.role = role
        self.group = group
        self.state = Locked(State(port: port))
    }

    /// The port bound, or asked for before that.
    var port: Int { self.state.withLock { $0.port } }

    var isOpen: Bool { self.state.withLock { $0.channel != nil } }

    /// - Throws: ``SimulatorError`` when the port cannot be bound.
    func open() async throws {
        guard !self.isOpen else { return }
        let port = self.port
        do {
            let channel = try await ServerBootstrap(group: self.group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { self.accept($0) }
                .bind(host: self.host, port: port)
                .get()
            self.state.withLock { state in
                state.channel = channel
                state.port = channel.localAddress?.port ?? port
            }
        } catch {
            throw SimulatorError(.cannotBind, "\(self.host):\(port) cannot be bound", cause: error)
        }
    }

    /// Closes the port and every connection to it.
    func close() async {
        let (channel, connections) = self.state.withLock { state -> ((any Channel)?, [any Channel]) in
            defer {
                state.channel = nil
                state.connections = [:]
            }
            return (state.channel, Array(state.connections.values))
        }
        // A channel that closes with an error is closed all the same.
        try? await channel?.close()
        for connection in connections { try? await connection.close() }
    }

    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let faults = self.role.responder.connectionFaults(node: self.role.node)
        if case .drop(let drop) = faults[.drop], drop.phase == .accept || self.role.tls == nil {
            drop.reset ? channel.closeWithReset() : channel.close(promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        self.track(channel)
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if case .drop(let drop) = faults[.drop] {
                try pipeline.addHandler(HandshakeRefuser(reset: drop.reset))
                return
            }
            if let tls = self.role.tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context(faults))) }
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
            try pipeline.addHandler(
                ExchangeHandler(
                    responder: self.role.responder,
                    node: self.role.node,
                    maxBodyBytes: self.role.maxBodyBytes
                )
            )
        }
    }

    private func track(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        self.state.withLock { $0.connections[id] = channel }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.connections[id] = nil } }
    }
}

/// Ends a connection as soon as the client begins its handshake.
private final class HandshakeRefuser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reset: Bool

    init(reset: Bool) {
        self.reset = reset
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.reset {
            context.channel.closeWithReset()
        } else {
            context.close(promise: nil)
        }
    }
}
