import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The listening socket of a server, and what it puts into the pipeline of each connection.
struct HTTPListener: Sendable {
    /// Connections accepted in one go; the bound on sockets can be exceeded by as many.
    private static let acceptBatch: UInt = 64

    let channel: any Channel
    let loops: [NIOLoopBound<LoopContext>]

    static func bind(
        _ server: HTTPServerState,
        tls: TLSContextSource?,
        group: any EventLoopGroup
    ) async throws -> Self {
        let settings = server.settings
        let tick = Self.tick(settings.limits)
        var loops: [NIOLoopBound<LoopContext>] = []
        for loop in group.makeIterator() {
            let context = try await loop.submit {
                NIOLoopBound(LoopContext(eventLoop: loop, tick: tick) { server.recordRunning() }, eventLoop: loop)
            }.get()
            loops.append(context)
        }
        let byLoop = Dictionary(
            zip(group.makeIterator().map { ObjectIdentifier($0) }, loops),
            uniquingKeysWith: { first, _ in first }
        )
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: settings.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptBatch)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimiter(limit: settings.maxConnections))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = byLoop[ObjectIdentifier(channel.eventLoop)]?.value else {
                        throw HTTPServerError(.invalidSettings, "a connection on an event loop of another group")
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context)) }
                    try HTTPConnection(
                        server: server,
                        loop: loop,
                        peer: channel.remoteAddress?.ipAddress ?? "unknown",
                        isSecure: tls != nil
                    ).install(in: pipeline)
                }
            }
        do {
            let channel = try await bootstrap.bind(host: settings.host, port: settings.port).get()
            return Self(channel: channel, loops: loops)
        } catch {
            throw HTTPServerError(.cannotBind, "cannot listen on \(settings.host):\(settings.port)", cause: error)
        }
    }

    /// Calls `body` with every connection, each on its event loop.
    func forEachConnection(_ body: @escaping @Sendable (HTTPConnection) -> Void) async {
        for loop in self.loops {
            // Fails only when the loop has shut down, and its connections with it.
            try? await loop.eventLoop.submit {
                for connection in loop.value.connections.values { body(connection) }
            }.get()
        }
    }

    /// A quarter of the shortest time to be kept, so that none is late by more than that.
    private static func tick(_ limits: HTTPLimits) -> TimeAmount {
        let shortest = min(
            limits.headTime,
            limits.idleTime,
            limits.bodyGrace,
            limits.writeStallTime,
            limits.lingerTime
        )
        return min(max(TimeAmount(shortest) / 4, .milliseconds(10)), .milliseconds(250))
    }
}

extension TimeAmount {
    fileprivate static func / (amount: TimeAmount, divisor: Int64) -> TimeAmount {
        .nanoseconds(amount.nanoseconds / divisor)
    }
}

/// Stops accepting while there are as many sockets as allowed; the kernel's queue holds the rest.
final class AcceptLimiter: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    /// Counted where the connections live; the listener's event loop is disturbed only when it waits, because it may have
    /// ended before the last of them.
    private final class Sockets: Sendable {
        let open = Atomic<Int>(0)
        let isAwaited = Atomic<Bool>(false)
    }

    private let limit: Int
    private let sockets = Sockets()
    private var context: ChannelHandlerContext?

    init(limit: Int) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.sockets.isAwaited.store(false, ordering: .sequentiallyConsistent)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.sockets.open.add(1, ordering: .sequentiallyConsistent)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let listener = context.eventLoop
        self.unwrapInboundIn(data).closeFuture.whenComplete { [sockets = self.sockets] _ in
            sockets.open.subtract(1, ordering: .sequentiallyConsistent)
            guard sockets.isAwaited.exchange(false, ordering: .sequentiallyConsistent) else { return }
            listener.execute {
                if let context = bound.value.context { bound.value.read(context: context) }
            }
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if self.hasRoom { return context.read() }
        self.sockets.isAwaited.store(true, ordering: .sequentiallyConsistent)
        // One that closed in between has seen nobody waiting.
        if self.hasRoom, self.sockets.isAwaited.exchange(false, ordering: .sequentiallyConsistent) { context.read() }
    }

    private var hasRoom: Bool { self.sockets.open.load(ordering: .sequentiallyConsistent) < self.limit }
}
