import JSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on loopback that takes what is posted to it.
struct WebhookReceiver {
    /// What came, in order; ends when the receiver stops.
    let events: AsyncStream<JSONValue>
    let port: Int

    /// Runs one for as long as `body`; it answers every request with `status`.
    static func run(
        status: HTTPResponseStatus = .ok,
        _ body: (WebhookReceiver) async throws -> Void
    ) async throws {
        let (events, continuation) = AsyncStream<JSONValue>.makeStream()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Taker(status: status, continuation: continuation))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        defer { continuation.finish() }
        do {
            try await body(WebhookReceiver(events: events, port: channel.localAddress?.port ?? 0))
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    /// The next so many events; fewer only when the receiver stops.
    func next(_ count: Int) async -> [JSONValue] {
        var result: [JSONValue] = []
        for await event in self.events.prefix(count) { result.append(event) }
        return result
    }
}

private final class Taker: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let status: HTTPResponseStatus
    private let continuation: AsyncStream<JSONValue>.Continuation
    private var body: [UInt8] = []

    init(status: HTTPResponseStatus, continuation: AsyncStream<JSONValue>.Continuation) {
        self.status = status
        self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head: self.body = []
        case .body(let buffer): self.body.append(contentsOf: buffer.readableBytesView)
        case .end:
            // What is no JSON shows as null, which no test expects.
            self.continuation.yield((try? JSONValue(parsing: self.body)) ?? .null)
            let head = HTTPResponseHead(version: .http1_1, status: self.status, headers: ["Content-Length": "0"])
            context.write(self.wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
