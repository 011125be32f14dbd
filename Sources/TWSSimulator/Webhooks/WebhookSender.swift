import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts events as the product's event rules do with a command that runs curl: five seconds for each, and no second try.
struct WebhookSender: Sendable {
    let group: any EventLoopGroup

    static let timeout = TimeAmount.seconds(5)

    /// `completion` is told once, on an event loop, whether the receiver answered with a status of 2xx.
    func send(_ delivery: WebhookOutbox.Delivery, completion: @escaping @Sendable (Bool) -> Void) {
        let eventLoop = self.group.next()
        let answered = eventLoop.makePromise(of: Bool.self)
        // Whatever keeps the receiver from answering, a connection never made included, ends here.
        let deadline = eventLoop.scheduleTask(in: Self.timeout) { answered.succeed(false) }
        let connection = ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(PostHandler(delivery: delivery, answered: answered))
                }
            }
            .connect(host: delivery.address.host, port: delivery.address.port)
        connection.whenFailure { _ in answered.succeed(false) }
        answered.futureResult.whenSuccess { delivered in
            deadline.cancel()
            connection.whenSuccess { $0.close(promise: nil) }
            completion(delivered)
        }
    }
}

/// Sends one request and waits for the status of its answer.
private final class PostHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let delivery: WebhookOutbox.Delivery
    private let answered: EventLoopPromise<Bool>
    private var isAccepted = false

    init(delivery: WebhookOutbox.Delivery, answered: EventLoopPromise<Bool>) {
        self.delivery = delivery
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: self.delivery.address.target,
            headers: [
                "Host": self.delivery.address.authority, "Content-Type": "application/json",
                "Content-Length": String(self.delivery.body.count), "Connection": "close",
                "User-Agent": "tws-simulator",
            ]
        )
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(bytes: self.delivery.body)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.isAccepted = (200...299).contains(Int(head.status.code))
        case .body: break
        case .end: self.answered.succeed(self.isAccepted)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.answered.succeed(false)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.answered.succeed(false)
    }
}
