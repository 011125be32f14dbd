import NIOCore
import NIOHTTP1

/// One HTTP/1 connection: takes the decoder's parts, runs the requests one after the other on the event loop, and
/// writes their answers.
///
/// `HTTPConnectionStateMachine` decides; extensions in the files beside do the running and the writing.
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    let server: HTTPServerState
    let loop: LoopContext
    let peer: String
    let isPeerLoopback: Bool
    let isSecure: Bool
    var machine: HTTPConnectionStateMachine
    var context: ChannelHandlerContext?
    /// The decoder, for taking it out when another protocol takes over.
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    var gate: HTTPInputGate?

    /// Requests in order of arrival; the first is the one being answered.
    var exchanges: [HTTPExchange] = []
    /// Answers not yet written to the socket.
    var output = ByteBuffer()
    var isReading = false
    var isStarting = false
    /// The channel belongs to another protocol: pass on what still comes by.
    var isHandedOver = false
    /// The time when the input being worked on was read: the clock is asked once for all that comes in one read.
    private(set) var readAt = NIODeadline.now()
    private(set) var headCount = 0
    private var timer: TimerWheel<HTTPConnection>.Token?
    private var timerTick = Int.max
    private var hasFailed = false

    init(server: HTTPServerState, loop: LoopContext, peer: String, isSecure: Bool) {
        self.server = server
        self.loop = loop
        self.peer = peer
        self.isPeerLoopback = TrustedProxies.isLoopback(peer)
        self.isSecure = isSecure
        let limits = server.settings.limits
        self.machine = HTTPConnectionStateMachine(limits: limits, now: .now())
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = max(limits.fieldBytes, limits.targetBytes)
        decoderLimits.maxHeaderListSize = limits.headBytes
        decoderLimits.maxHeaderFieldCount = limits.fieldCount
        self.decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits)
        )
    }

    /// Puts gate, decoder and connection at the end of the pipeline; on the channel's event loop.
    func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
        let gate = HTTPInputGate(connection: self, limits: self.server.settings.limits)
        self.gate = gate
        try pipeline.addHandlers([gate, self.decoder, self])
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.server.connections.add()
        self.timer = self.loop.add(self)
        self.timerTick = 0
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.gate = nil
        guard let timer else { return }
        self.loop.remove(self, token: timer)
        self.timer = nil
        self.server.connections.remove()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isHandedOver { return context.fireChannelRead(data) }
        self.isReading = true
        self.gate?.progressed()
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.headCount += 1
            self.headArrived(head)
        case .body(let bytes): self.bodyArrived(bytes)
        case .end:
            if let last = self.exchanges.last, self.machine.input == .body {
                self.machine.requestEnded(asksForUpgrade: last.rules?.asksForUpgrade ?? false, now: self.readAt)
                last.body?.finish(nil)
                self.startNext()
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.isHandedOver { return context.fireChannelReadComplete() }
        self.startNext()
        self.isReading = false
        self.flush()
        self.checkTime(self.readAt)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.isHandedOver { return context.fireChannelWritabilityChanged() }
        self.machine.writabilityChanged(context.channel.isWritable, buffered: self.bufferedBytes, now: .now())
        if context.channel.isWritable {
            self.exchanges.first?.gate?.open()
            self.startNext()
            self.flush()
        } else {
            self.exchanges.first?.gate?.shut()
        }
        self.checkTime(.now())
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.isHandedOver { return context.fireChannelInactive() }
        self.clientLeft()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !self.isHandedOver, let event = event as? ChannelEvent, event == .inputClosed {
            // A client that has closed its half while its answer is being made is taken as gone, as it cannot be told
            // apart from one that has closed altogether.
            self.clientLeft()
            if self.exchanges.isEmpty { self.close() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.isHandedOver { return context.fireErrorCaught(error) }
        guard error is HTTPParserError else { return self.close() }
        let problem = RefusedRequest.problem(error, bytes: self.gate?.refusedRequest ?? ByteBuffer())
        self.inputFailed(problem)
    }

    // MARK: Input

    var wantsInput: Bool { self.machine.wantsInput }
    var isReceivingBody: Bool { self.machine.input == .body }
    var isReceivingHead: Bool { self.machine.input == .head }
    var discardsInput: Bool { self.machine.input == .closed }

    func bytesArrived(now: NIODeadline) {
        self.readAt = now
        self.machine.bytesArrived(now: now)
    }

    func inputDiscarded() {
        self.machine.discarded()
    }

    func inputWithoutProgress() {
        self.inputFailed(self.isReceivingBody ? .invalidRequest("The chunks are mostly framing.") : .headTooLarge)
    }

    private func headArrived(_ head: HTTPRequestHead) {
        let rules = RequestHeadRules(head, limits: self.server.settings.limits)
        let keepsAlive = rules.keepsAlive && !rules.asksForUpgrade
        guard self.machine.headArrived(keepsAlive: keepsAlive, now: self.readAt) else { return }
        let resolution: RouteResolution =
            rules.problem == nil ? self.server.router.resolve(method: head.method, target: head.uri) : .notFound
        let bodyLimit = resolution.route?.bodyLimit ?? self.server.settings.limits.bodyBytes
        self.exchanges.append(
            HTTPExchange(
                head: head,
                rules: rules,
                resolution: resolution,
                body: rules.hasBody ? self.makeBody(rules) : nil,
                bodyLimit: bodyLimit,
                rejection: rules.problem,
                arrivedAt: self.readAt
            )
        )
    }

    private func bodyArrived(_ bytes: ByteBuffer) {
        guard let last = self.exchanges.last, self.machine.input == .body else { return }
        last.bodyBytes += bytes.readableBytes
        if last.bodyBytes > last.bodyLimit {
            return self.inputFailed(.bodyTooLarge(limit: last.bodyLimit))
        }
        let pauses = last.body?.receive(bytes) ?? false
        self.machine.bodyArrived(bytes: bytes.readableBytes, pausesReading: pauses)
    }

    /// The rest of the input is useless; the request it belongs to learns why, or is answered with the problem.
    func inputFailed(_ problem: HTTPProblem) {
        if self.hasFailed { return }
        self.hasFailed = true
        let arriving = self.machine.input == .body ? self.exchanges.last : nil
        if self.machine.inputFailed() {
            self.exchanges.append(
                HTTPExchange(
                    head: nil,
                    rules: nil,
                    resolution: .notFound,
                    body: nil,
                    bodyLimit: 0,
                    rejection: problem,
                    arrivedAt: .now()
                )
            )
        }
        arriving?.body?.finish(problem)
        self.startNext()
        if !self.isReading { self.flush() }
    }

    private func makeBody(_ rules: RequestHeadRules) -> RequestBodyStream {
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        let eventLoop = self.loop.eventLoop
        return RequestBodyStream(
            expectsContinue: rules.expectsContinue,
            holdLimit: self.server.settings.limits.bufferedBodyBytes
        ) { demand in
            eventLoop.runOrExecute { bound.value.bodyDemanded(demand) }
        }
    }

    private func bodyDemanded(_ demand: RequestBodyStream.Demand) {
        switch demand {
        case .resumeReading:
            self.machine.resumeBody(now: .now())
            self.gate?.resume()
        case .sendContinue:
            self.output.writeImmutableBuffer(ResponseEncoding.continueLine)
            self.flush()
        }
        if !self.isReading { self.checkTime(.now()) }
    }

    // MARK: The end

    private func clientLeft() {
        for exchange in self.exchanges {
            exchange.body?.finish(CancellationError())
            exchange.gate?.abandon()
            exchange.task?.cancel()
        }
        self.machine.endAfterAnswer(isInputSpoilt: false)
        // Requests not begun have nobody to answer to.
        self.exchanges = self.exchanges.filter { $0.context != nil }
    }

    func close() {
        self.context?.close(promise: nil)
    }

    /// The server stops: handlers still running are cancelled.
    func cancelHandlers() {
        for exchange in self.exchanges { exchange.task?.cancel() }
    }

    /// The server has stopped: closes when the client has taken what has been written, which the caller bounds in time.
    func closeWhenWritten() {
        guard let context else { return }
        self.flush()
        let channel = context.channel
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    // MARK: Time

    var bufferedBytes: Int {
        if self.machine.isWritable { return 0 }
        // Without the option there is nothing to compare: the client then has the time of one stall for all of it.
        return (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func timerFired(now: NIODeadline) {
        self.timerTick = 0
        self.checkTime(now)
    }

    func checkTime(_ now: NIODeadline) {
        guard let timer, !self.isHandedOver else { return }
        switch self.machine.check(now: now, buffered: self.bufferedBytes) {
        case .wait(let time):
            // A later time needs no move: the wheel asks again at the earlier one.
            let tick = time == .distantFuture ? Int.max : self.loop.dueTick(time)
            if tick < self.timerTick || self.timerTick == 0 {
                self.timerTick = min(tick, self.loop.farTick)
                self.loop.move(timer, dueTick: self.timerTick)
            }
            return
        case .close: self.close()
        case .inputTooSlow: self.inputFailed(.requestTimeout)
        case .cancelHandler: self.exchanges.first?.task?.cancel()
        case .abandonHandler: self.abandonHandler()
        }
        if self.timerTick == 0 {
            self.timerTick = 1
            self.loop.move(timer, dueTick: 1)
        }
    }
}

extension EventLoop {
    /// Runs `body` at once when called on the loop, else soon.
    fileprivate func runOrExecute(_ body: @escaping @Sendable () -> Void) {
        if self.inEventLoop {
            body()
        } else {
            self.execute(body)
        }
    }
}
