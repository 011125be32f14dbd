import Glibc
import NIOCore
import NIOHTTP1

/// Reads requests of one connection and writes their answers byte by byte itself, because an answer has to be able to be
/// wrong in ways no HTTP encoder would write.
///
/// One exchange at a time; requests sent ahead wait. All on the connection's event loop.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let responder: any Responder
    private let node: Int
    private let maxBodyBytes: Int
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var waiting: CircularBuffer<IncomingRequest> = []
    private var current: (exchange: Exchange, request: SimulatorRequest)?
    private var keepsAlive = true
    /// Whether the client has closed its side: what is under way is still answered.
    private var isClosing = false
    /// The connection has ended or is about to: what the decoder still has of it is not answered.
    private var isEnded = false
    private var timer: Scheduled<Void>?

    /// A request that has arrived completely.
    struct IncomingRequest {
        var request: SimulatorRequest
        var keepsAlive: Bool
        var isTooLarge: Bool
    }

    /// More requests sent ahead than this, and the connection ends.
    private static let longestQueue = 100
    /// How often a followed log is looked at.
    private static let followInterval = TimeAmount.milliseconds(50)
    /// How often a queued request asks whether it is its turn.
    private static let queueInterval = TimeAmount.milliseconds(5)

    init(responder: any Responder, node: Int, maxBodyBytes: Int) {
        self.responder = responder
        self.node = node
        self.maxBodyBytes = maxBodyBytes
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isEnded else { return }
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = []
            self.isTooLarge = false
            if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                self.write("HTTP/1.1 100 Continue\r\n\r\n", context)
                context.flush()
            }
        case .body(let buffer):
            guard self.body.count + buffer.readableBytes <= self.maxBodyBytes else {
                self.isTooLarge = true
                return
            }
            self.body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head = self.head else { return }
            self.head = nil
            let request = SimulatorRequest(
                node: self.node,
                method: head.method.rawValue,
                target: head.uri,
                headers: head.headers.map { ($0.name.lowercased(), $0.value) },
                body: self.body
            )
            guard self.waiting.count < Self.longestQueue else { return self.end(context, reset: false) }
            self.waiting.append(
                IncomingRequest(request: request, keepsAlive: head.isKeepAlive, isTooLarge: self.isTooLarge)
            )
            self.startNext(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            self.isClosing = true
            if self.current == nil { self.end(context, reset: false) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whatever came was no HTTP, or no TLS.
        self.end(context, reset: false)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isEnded = true
        self.timer?.cancel()
        self.timer = nil
        self.finishCurrent()
        self.waiting.removeAll()
    }

    // MARK: Answering

    private func startNext(_ context: ChannelHandlerContext) {
        guard self.current == nil, let next = self.waiting.popFirst() else { return }
        self.keepsAlive = next.keepsAlive && !next.isTooLarge
        let exchange: Exchange
        if next.isTooLarge {
            exchange = Exchange(reply: .html(413, "<html><body>Error 413</body></html>"), date: "")
        } else {
            exchange = self.responder.exchange(next.request)
        }
        self.current = (exchange, next.request)
        self.proceed(exchange, context)
    }

    private func proceed(_ exchange: Exchange, _ context: ChannelHandlerContext) {
        if let hang = exchange.hangSeconds {
            self.after(.nanoseconds(Int64(hang * 1e9)), context) { $0.close(promise: nil) }
        } else if !self.responder.mayProceed(exchange) {
            self.after(Self.queueInterval, context) { self.proceed(exchange, $0) }
        } else if exchange.delaySeconds > 0 {
            self.after(.nanoseconds(Int64(exchange.delaySeconds * 1e9)), context) { self.send(exchange, $0) }
        } else {
            self.send(exchange, context)
        }
    }

    private func send(_ exchange: Exchange, _ context: ChannelHandlerContext) {
        if let drop = exchange.drop, drop.phase == .headers {
            self.end(context, reset: drop.reset)
            return
        }
        switch exchange.reply.body {
        case .bytes(let bytes): self.send(bytes, of: exchange, context)
        case .log(let log):
            self.write(exchange.headText(length: nil, keepsAlive: self.keepsAlive), context)
            self.follow(log, sent: 0, context)
        }
    }

    private func send(_ bytes: [UInt8], of exchange: Exchange, _ context: ChannelHandlerContext) {
        let length = SentLength(of: bytes.count, exchange)
        self.write(exchange.headText(length: length.announced, keepsAlive: self.keepsAlive), context)
        // RFC 9110, section 9.3.2: no content, whatever the head announces.
        if self.current?.request.method == "HEAD" { return self.complete(length.cut, context) }
        if let slow = exchange.slowBody {
            context.flush()
            self.after(.milliseconds(Int64(slow.firstByteMilliseconds)), context) {
                self.trickle(bytes[..<length.sent], slow, length.cut, $0)
            }
            return
        }
        self.write(bytes[..<length.sent], context)
        self.complete(length.cut, context)
    }

    /// Ends an answer whose bytes have been written: early, or as it should be.
    private func complete(_ cut: FaultEffect.Drop?, _ context: ChannelHandlerContext) {
        context.flush()
        if let cut {
            self.end(context, reset: cut.reset)
            return
        }
        self.finishCurrent()
        if self.keepsAlive, !self.isClosing {
            self.startNext(context)
        } else {
            self.end(context, reset: false)
        }
    }

    private func trickle(
        _ rest: ArraySlice<UInt8>,
        _ slow: FaultEffect.SlowBody,
        _ cut: FaultEffect.Drop?,
        _ context: ChannelHandlerContext
    ) {
        guard !rest.isEmpty else {
            self.complete(cut, context)
            return
        }
        let piece = rest.prefix(slow.chunkBytes)
        self.write(piece, context)
        context.flush()
        let pause = Int64(Double(piece.count) / Double(slow.bytesPerSecond) * 1e9)
        self.after(.nanoseconds(pause), context) { self.trickle(rest.dropFirst(piece.count), slow, cut, $0) }
    }

    private func follow(_ log: FollowedLog, sent: Int, _ context: ChannelHandlerContext) {
        let (lines, isComplete) = self.responder.followedLines(log)
        if lines.count > sent {
            let text = lines[sent...].map { $0 + "\n" }.joined()
            self.write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n", context)
        }
        if isComplete {
            self.write("0\r\n\r\n", context)
            self.complete(nil, context)
            return
        }
        context.flush()
        self.after(Self.followInterval, context) { self.follow(log, sent: max(sent, lines.count), $0) }
    }

    /// Ends the connection, with a reset when asked to.
    private func end(_ context: ChannelHandlerContext, reset: Bool) {
        self.isEnded = true
        context.flush()
        if reset {
            context.channel.closeWithReset()
        } else {
            context.close(promise: nil)
        }
    }

    private func finishCurrent() {
        guard let (exchange, request) = self.current else { return }
        self.current = nil
        self.responder.finish(exchange, request: request)
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        context.write(self.wrapOutboundOut(context.channel.allocator.buffer(string: text)), promise: nil)
    }

    private func write(_ bytes: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        context.write(self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }

    /// Goes on later on the event loop, unless the connection ends before.
    private func after(
        _ delay: TimeAmount,
        _ context: ChannelHandlerContext,
        _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { body(context) }
    }
}

extension Channel {
    /// Closes so that the peer sees a reset instead of an end.
    func closeWithReset() {
        // Should it fail, an orderly close is left, which is the worst that can happen here.
        _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        self.close(promise: nil)
    }
}
