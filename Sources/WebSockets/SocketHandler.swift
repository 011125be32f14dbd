import NIOCore

/// Identifies a connection in listings and for closing it; not a credential.
package struct SocketID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// One client's connection after the upgrade.
///
/// Frames in and out, its queue, its life; confined to its event loop.
final class SocketHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase: Equatable {
        case open
        /// Our close frame is queued or sent; the client has until then to answer it.
        case closing(deadline: ContinuousClock.Instant)
        case closed
    }

    struct Subscription {
        var index: Int
        var lastOffset: UInt64
    }

    let id: SocketID
    let admission: SocketAdmission
    let compression: Bool
    var user: SocketUser
    private(set) var phase = Phase.open
    var liveness: SocketLiveness
    var queue: OutboundQueue
    private(set) var received = 0
    private(set) var sent = 0
    let manager: ConnectionManager
    let hub: EventLoopHub
    let settings: SocketSettings
    private var decoder: WebSocketDecoder
    private var inboundBudget: InboundBudget
    var subscriptions: [String: Subscription] = [:]
    private(set) var context: ChannelHandlerContext?
    private var lastProgress: ContinuousClock.Instant
    private var flushClaimed = false
    private var closeFrame: (code: SocketCloseCode, reason: String)?

    init(
        id: SocketID,
        admission: SocketAdmission,
        compression: Bool,
        manager: ConnectionManager,
        hub: EventLoopHub,
        now: ContinuousClock.Instant
    ) {
        self.id = id
        self.admission = admission
        self.user = admission.user
        self.compression = compression
        self.manager = manager
        self.hub = hub
        self.settings = manager.settings
        self.liveness = SocketLiveness(
            settings: manager.settings,
            expiresAt: admission.user.expiresAt,
            now: now,
            stagger: Double.random(in: 0..<1)
        )
        self.queue = OutboundQueue(
            maximumMessages: manager.settings.outboundQueueMessages,
            maximumBytes: manager.settings.outboundQueueBytes
        )
        self.decoder = WebSocketDecoder(
            maximumMessageBytes: manager.settings.maximumMessageBytes,
            compression: compression
        )
        self.inboundBudget = InboundBudget(perSecond: manager.settings.messagesPerSecond, now: now)
        self.lastProgress = now
    }

    var topicNames: [String] { self.subscriptions.keys.sorted() }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.hub.add(self)
        self.send(
            ServerFrame.welcome(
                connectionID: self.id.description,
                node: self.manager.node,
                serverTime: self.manager.timestamp(),
                settings: self.settings
            )
        )
        self.flush()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.phase != .closed else { return }
        self.decoder.append(self.unwrapInboundIn(data))
        do throws(SocketProtocolError) {
            while case .open = self.phase, let event = try self.decoder.next() { self.handle(event) }
            if case .closing = self.phase { try self.awaitCloseFrame() }
        } catch {
            if case .closing = self.phase { self.closeChannel() } else { self.fail(error) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.pump()
            context.flush()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A broken connection: nothing can be said to the client any more.
        self.closeChannel()
    }

    // MARK: - From the client

    private func handle(_ event: WebSocketDecoder.Event) {
        let now = ContinuousClock.now
        self.liveness.received(now: now)
        switch event {
        case .ping(let payload):
            self.write(WebSocketEncoder.pong(payload))
        case .pong:
            self.liveness.pongReceived(now: now)
        case .close(let code, _):
            self.answerClose(code)
        case .binary:
            self.close(.unsupportedData, reason: "the subprotocol has text frames only")
        case .text(let text):
            self.received += 1
            guard self.inboundBudget.take(now: now) else {
                return self.close(.tooManyMessages, reason: "more messages than allowed", reconnectAfterSeconds: 5)
            }
            self.handle(text)
        }
    }

    // MARK: - To the client

    /// The topic's list has been reordered: this connection's place in it is `index` now.
    func moved(to index: Int, in topic: String) {
        self.subscriptions[topic]?.index = index
    }

    func deliver(_ event: TopicEvent, _ frames: inout EventFrames) {
        guard case .open = self.phase, let last = self.subscriptions[event.topic]?.lastOffset, event.offset > last
        else {
            return  // published before this client subscribed; it is in its history already
        }
        self.subscriptions[event.topic]?.lastOffset = event.offset
        self.enqueue(&frames, topic: event.topic, offset: event.offset)
    }

    func reset(_ topic: String, at offset: UInt64) {
        guard case .open = self.phase, self.subscriptions[topic] != nil else { return }
        self.subscriptions[topic]?.lastOffset = offset
        self.queue.forgetMissed(of: topic)
        self.send(ServerFrame.gap(topic: topic, fromOffset: 0, toOffset: offset))
        self.flush()
    }

    func enqueue(_ frames: inout EventFrames, topic: String, offset: UInt64) {
        let frame = self.frame(of: &frames)
        if self.queue.isEmpty, self.isWritable {
            self.write(frame)
        } else if !self.queue.append(event: frame, topic: topic, offset: offset) {
            self.manager.counters.eventDropped()
        }
    }

    private func frame(of frames: inout EventFrames) -> ByteBuffer {
        self.compression ? frames.compressed() : frames.plain()
    }

    /// Sends what the client missed while it was away.
    func resume(_ topic: String, with missed: [TopicEvent]) {
        guard case .open = self.phase else { return }
        if self.queue.append(missed: missed) { return self.pump() }
        for event in missed {
            var frames = EventFrames(event)
            self.enqueue(&frames, topic: topic, offset: event.offset)
        }
    }

    /// Sends a JSON text that must not be lost; a client without room for it is closed as a slow consumer.
    func send(_ json: [UInt8]) {
        guard case .open = self.phase else { return }
        let frame: ByteBuffer
        if self.compression, json.count >= MessageCompression.minimumBytes,
            let payload = MessageCompression.deflate(json)
        {
            frame = WebSocketEncoder.compressedText(payload)
        } else {
            frame = WebSocketEncoder.text(json)
        }
        if self.queue.isEmpty, self.isWritable {
            self.write(frame)
        } else if !self.queue.append(frame) {
            self.manager.counters.slowConsumer()
            self.close(.slowConsumer, reason: "the client does not keep up")
        }
    }

    private var isWritable: Bool { self.context?.channel.isWritable ?? false }

    private func write(_ frame: ByteBuffer) {
        self.sent += 1
        self.context?.write(self.wrapOutboundOut(frame), promise: nil)
    }

    /// Whether this connection is to be flushed by the caller, who gets true once until `flush`.
    func claimFlush() -> Bool {
        defer { self.flushClaimed = true }
        return !self.flushClaimed
    }

    func flush() {
        self.flushClaimed = false
        self.context?.flush()
    }

    private func pump() {
        while self.isWritable, let item = self.queue.popFirst() {
            self.lastProgress = .now
            switch item {
            case .frame(let frame): self.write(frame)
            case .missed(let event):
                var frames = EventFrames(event)
                self.write(self.frame(of: &frames))
            }
        }
        for gap in self.queue.takeGaps() {
            let json = ServerFrame.gap(topic: gap.topic, fromOffset: gap.fromOffset, toOffset: gap.toOffset)
            self.write(WebSocketEncoder.text(json))
        }
        if self.queue.isEmpty, let closeFrame {
            self.closeFrame = nil
            self.write(WebSocketEncoder.close(closeFrame.code, reason: closeFrame.reason))
        }
    }

    // MARK: - Life

    /// Called once a second for every connection.
    func sweep(now: ContinuousClock.Instant) {
        if case .closing(let deadline) = self.phase {
            if now >= deadline { self.closeChannel() }
            return
        }
        guard case .open = self.phase else { return }
        if self.queue.isEmpty { self.lastProgress = now }
        if self.lastProgress.duration(to: now) >= self.settings.writeTimeout {
            self.manager.counters.slowConsumer()
            return self.close(.slowConsumer, reason: "the client takes nothing")
        }
        switch self.liveness.check(now: now) {
        case .ping:
            // Control frames pass the queue: a slow client must still be able to show that it lives.
            self.write(WebSocketEncoder.ping([]))
            self.flush()
        case .close(let code, let reason): self.close(code, reason: reason)
        case nil: break
        }
    }

    /// Says why, closes, and waits a bounded time for the client's answer.
    func close(_ code: SocketCloseCode, reason: String, reconnectAfterSeconds: Double? = nil) {
        guard case .open = self.phase else { return }
        let json = ServerFrame.closing(code: code, reason: reason, reconnectAfterSeconds: reconnectAfterSeconds)
        if code != .slowConsumer { self.send(json) }
        self.beginClosing(code, reason: reason)
    }

    private func fail(_ error: SocketProtocolError) {
        self.beginClosing(error.closeCode, reason: error.message)
    }

    private func beginClosing(_ code: SocketCloseCode, reason: String) {
        guard case .open = self.phase else { return }
        self.phase = .closing(deadline: .now.advanced(by: .seconds(code == .slowConsumer ? 0 : 2)))
        self.manager.counters.closed(code)
        self.leaveAll()
        self.closeFrame = (code, reason)
        self.pump()
        self.flush()
    }

    private func answerClose(_ code: SocketCloseCode?) {
        guard case .open = self.phase else { return }
        self.phase = .closing(deadline: .now.advanced(by: .seconds(2)))
        self.manager.counters.closed(code ?? .normal)
        self.leaveAll()
        self.write(WebSocketEncoder.close(code ?? .normal, reason: ""))
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.closeChannel() }
    }

    private func awaitCloseFrame() throws(SocketProtocolError) {
        while let event = try self.decoder.next() {
            if case .close = event { return self.closeChannel() }
        }
    }

    private func leaveAll() {
        for topic in self.subscriptions.keys { self.leave(topic) }
    }

    private func closeChannel() {
        self.context?.close(promise: nil)
    }

    private func end() {
        guard self.phase != .closed else { return }
        if case .open = self.phase { self.manager.counters.closed(.init(rawValue: 1006)) }
        self.phase = .closed
        self.leaveAll()
        self.hub.remove(self)
        self.manager.release(self.admission)
        self.context = nil
    }
}
