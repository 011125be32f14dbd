import Concurrency
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// An HTTP/1.1 server: listens, answers by a router behind middleware, and drains when told to stop.
///
/// `run` binds unless `bind` has been called before. On graceful shutdown, or after `stop`, requests are served for
/// `drainGrace` with connections closing after them, then refused with 503 `shutting-down`; what is running has
/// `drainTimeout` to end, is then cancelled, and at last every connection is closed. Cancelling the task of `run` leaves
/// all waiting out. Upgraded connections belong to those who took them over and are not touched.
package final class HTTPServer: Service, Sendable {
    /// Given to cancelled handlers to end, and to clients to take the last bytes.
    private static let lastWait = Duration.seconds(1)

    private let state: HTTPServerState
    private let tls: TLSContextSource?
    private let group: any EventLoopGroup
    private let listener = Locked<HTTPListener?>(nil)
    private let stopRequests: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// Throws when the route table or the settings are not usable.
    ///
    /// `errorMapping` turns errors of features into what clients are told; errors it does not know are logged and
    /// answered with 500.
    package init(
        settings: HTTPServerSettings,
        router: Router,
        middleware: [any Middleware] = [],
        logger: Logger,
        accessLog: (any AccessLog)? = nil,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        errorMapping: @escaping ErrorMapping = { _ in nil }
    ) throws {
        self.state = try HTTPServerState(
            settings: settings,
            router: router.frozen(),
            pipeline: RequestPipeline(middleware: middleware, mapping: errorMapping),
            logger: logger,
            accessLog: accessLog
        )
        self.tls = try settings.tls.map { files in try TLSContextSource(files) }
        self.group = eventLoopGroup
        self.stopRequests = AsyncStream.makeStream()
    }

    /// Where the server listens; nil before it does.
    package var boundAddress: SocketAddress? { self.listener.withLock { $0?.channel.localAddress } }

    /// HTTP connections open now, upgraded ones not counted.
    package var openConnections: Int { self.state.connections.count }

    package var runningRequests: Int { self.state.runningRequests.count }

    /// Starts listening; throws `HTTPServerError` with code `cannotBind` when the address cannot be had.
    @discardableResult
    package func bind() async throws -> SocketAddress {
        let listener = try await HTTPListener.bind(self.state, tls: self.tls, group: self.group)
        self.listener.withLock { $0 = listener }
        guard let address = listener.channel.localAddress else {
            throw HTTPServerError(.cannotBind, "the listening socket has no address")
        }
        self.state.logger.info("listening", metadata: ["net.address": "\(address.hostAndPort)"])
        return address
    }

    package func run() async throws {
        if self.boundAddress == nil { try await self.bind() }
        await withGracefulShutdownHandler {
            for await _ in self.stopRequests.stream { break }
        } onGracefulShutdown: {
            self.stop()
        }
        await self.drain()
        await self.closeAll()
    }

    /// Asks `run` to drain and return.
    package func stop() {
        self.stopRequests.continuation.yield()
    }

    /// Reads certificate and key again, from other files if there are any, for connections to come; a no-op without TLS.
    package func reloadTLS(from files: HTTPServerTLS? = nil) throws {
        try self.tls?.reload(from: files)
    }

    private func drain() async {
        let settings = self.state.settings
        self.state.enter(.draining)
        // Cancellation ends every wait here at once, which is what it is meant to do.
        try? await Task.sleep(for: settings.drainGrace)
        self.state.enter(.refusing)
        if await self.state.runningRequests.untilZero(atMost: settings.drainTimeout) { return }
        self.state.logger.warning("cancelling requests", metadata: ["count": "\(self.runningRequests)"])
        await self.listener.withLock { $0 }?.forEachConnection { $0.cancelHandlers() }
        _ = await self.state.runningRequests.untilZero(atMost: Self.lastWait)
    }

    private func closeAll() async {
        guard let listener = self.listener.withLock({ $0 }) else { return }
        // Fails only when the channel has been closed already.
        try? await listener.channel.close()
        await listener.forEachConnection { $0.closeWhenWritten() }
        if await self.state.connections.untilZero(atMost: Self.lastWait) { return }
        await listener.forEachConnection { $0.close() }
    }
}
