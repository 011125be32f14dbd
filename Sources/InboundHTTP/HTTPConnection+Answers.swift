import Concurrency
import NIOCore
import NIOHTTP1

extension HTTPConnection {
    /// Output gathered before it is handed to the socket although requests are still being served.
    private static let outputLimit = 65_536

    // MARK: Running requests

    /// Runs the requests that are ready, in order; those whose handlers do not suspend are answered when it returns.
    func startNext() {
        if self.isStarting { return }
        self.isStarting = true
        defer { self.isStarting = false }
        while self.machine.canStart, let exchange = self.exchanges.first {
            self.start(exchange)
            if self.output.readableBytes >= Self.outputLimit { self.flush() }
        }
        self.gate?.resume()
    }

    private func start(_ exchange: HTTPExchange) {
        self.machine.started(deadline: .now() + TimeAmount(self.deadline(of: exchange)))
        self.server.runningRequests.add()
        let context = self.makeContext(exchange)
        exchange.context = context
        guard let head = exchange.head, exchange.rejection == nil, self.server.phase != .refusing else {
            let problem = exchange.rejection ?? .shuttingDown
            let instance = exchange.head.map { RequestTarget.path(of: $0.uri) }
            return self.answer(exchange, problem.response(requestID: context.requestID, instance: instance))
        }
        let request = HTTPRequest(
            head: head,
            resolution: exchange.resolution,
            body: RequestBody(
                stream: exchange.body,
                declaredLength: exchange.rules?.contentLength,
                limit: exchange.bodyLimit
            ),
            context: context
        )
        let server = self.server
        let bound = NIOLoopBound((connection: self, exchange: exchange), eventLoop: self.loop.eventLoop)
        let acceptsGzip = exchange.rules?.acceptsGzip ?? false
        // Runs here, on the event loop, until it first suspends, and resumes here too.
        let task = Task.immediate(executorPreference: self.loop.executor) {
            var response = await server.pipeline.respond(to: request)
            if let threshold = server.settings.compressionThreshold {
                response = await response.compressed(from: threshold, acceptsGzip: acceptsGzip)
            }
            guard case .stream(let produce) = response.body else {
                return bound.value.connection.answer(bound.value.exchange, response)
            }
            guard let writer = bound.value.connection.beginStream(bound.value.exchange, response) else { return }
            do {
                try await produce(writer)
                bound.value.connection.endStream(bound.value.exchange)
            } catch {
                bound.value.connection.abortStream(bound.value.exchange, error)
            }
        }
        if self.exchanges.first === exchange { exchange.task = task }
    }

    private func deadline(of exchange: HTTPExchange) -> Duration {
        exchange.resolution.route?.deadline ?? self.server.settings.requestDeadline
    }

    private func makeContext(_ exchange: HTTPExchange) -> RequestContext {
        let rules = exchange.rules
        var client = self.peer
        if let rules, rules.hasForwardedFor, let head = exchange.head {
            client = self.server.proxies.client(peer: self.peer, forwardedFor: head.headers["x-forwarded-for"])
        }
        return RequestContext(
            requestID: rules?.requestID.flatMap { RequestID.isAcceptable($0) ? $0 : nil } ?? self.loop.makeRequestID(),
            traceContext: rules?.traceParent.flatMap(TraceContext.init(header:))?.child(
                span: self.loop.makeSpanNumber()
            ),
            remoteAddress: client,
            isLoopback: TrustedProxies.isLoopback(client),
            isSecure: self.isSecure,
            deadline: Deadline(exchange.arrivedAt.advanced(by: self.deadline(of: exchange))),
            eventLoop: self.loop.eventLoop,
            arrivedAt: exchange.arrivedAt,
            logger: self.server.logger
        )
    }

    /// The handler did not end in the time after its cancellation: the client hears so, and the connection ends, because
    /// the handler may still be using the request.
    func abandonHandler() {
        guard let exchange = self.exchanges.first, let context = exchange.context else { return }
        exchange.gate?.abandon()
        _ = self.machine.inputFailed()
        let instance = exchange.head.map { RequestTarget.path(of: $0.uri) }
        self.answer(exchange, HTTPProblem.deadlineExceeded.response(requestID: context.requestID, instance: instance))
    }

    // MARK: Writing answers

    /// Writes a whole answer and goes on to the next request. Does nothing when the exchange has been answered already,
    /// or its client has left.
    func answer(_ exchange: HTTPExchange, _ response: HTTPResponse) {
        guard self.begin(exchange) else { return }
        switch response.body {
        case .upgrade(let start): self.handOver(exchange, response, start: start)
        case .bytes(let bytes):
            self.writeHead(exchange, response, framing: .length(bytes.count))
            self.writeContent(exchange, response, count: bytes.count) { $0.writeBytes(bytes) }
            self.finish(exchange)
        case .buffer(let bytes):
            self.writeHead(exchange, response, framing: .length(bytes.readableBytes))
            self.writeContent(exchange, response, count: bytes.readableBytes) { $0.writeImmutableBuffer(bytes) }
            self.finish(exchange)
        case .empty, .stream:
            self.writeHead(exchange, response, framing: .length(0))
            self.finish(exchange)
        }
    }

    /// Writes the head of a streamed answer; nil when no content is to follow.
    func beginStream(_ exchange: HTTPExchange, _ response: HTTPResponse) -> ResponseWriter? {
        guard self.begin(exchange), let context else { return nil }
        let isChunked = exchange.isVersion11
        if !isChunked { self.machine.closeAfterAnswer() }
        self.writeHead(exchange, response, framing: isChunked ? .chunked : .untilClose)
        if exchange.isHead || response.status.mayNotHaveContent {
            self.finish(exchange)
            return nil
        }
        self.machine.streaming()
        if !self.isReading { self.flush() }
        let gate = ResponseGate()
        if !context.channel.isWritable { gate.shut() }
        exchange.gate = gate
        let bound = NIOLoopBound((connection: self, exchange: exchange), eventLoop: self.loop.eventLoop)
        return ResponseWriter(gate: gate, eventLoop: self.loop.eventLoop) { bytes in
            bound.value.connection.writeChunk(bytes, of: bound.value.exchange, isChunked: isChunked)
        }
    }

    private func writeChunk(_ bytes: ByteBuffer, of exchange: HTTPExchange, isChunked: Bool) {
        guard self.exchanges.first === exchange else { return }
        exchange.responseBytes += bytes.readableBytes
        self.output.writeImmutableBuffer(isChunked ? ResponseEncoding.chunk(bytes) : bytes)
        self.flush()
    }

    func endStream(_ exchange: HTTPExchange) {
        guard self.exchanges.first === exchange else { return }
        if exchange.isVersion11 { self.output.writeImmutableBuffer(ResponseEncoding.lastChunk) }
        self.finish(exchange)
    }

    /// Closes without the mark of a complete answer: the client must not take what it has for all.
    func abortStream(_ exchange: HTTPExchange, _ error: any Error) {
        if !(error is CancellationError) {
            exchange.context?.logger.warning("stream aborted", metadata: ["error": "\(String(reflecting: error))"])
        }
        self.record(exchange)
        self.exchanges.removeAll { $0 === exchange }
        self.close()
    }

    private func begin(_ exchange: HTTPExchange) -> Bool {
        if exchange.isAnswered { return false }
        exchange.isAnswered = true
        guard self.exchanges.first === exchange, let context, context.channel.isActive else {
            self.record(exchange)
            self.exchanges.removeAll { $0 === exchange }
            return false
        }
        return true
    }

    private func writeHead(_ exchange: HTTPExchange, _ response: HTTPResponse, framing: ResponseEncoding.Framing) {
        exchange.status = response.status
        exchange.keepsAlive = self.machine.decideToKeepAlive(isDraining: self.server.phase != .serving)
        if self.output.capacity == 0 { self.output = self.loop.takeBuffer() }
        ResponseEncoding.writeStatusLine(response.status, into: &self.output)
        self.loop.writeDate(into: &self.output, now: exchange.arrivedAt)
        ResponseEncoding.writeFields(
            response,
            framing: response.status.mayNotHaveContent ? .none : framing,
            into: &self.output
        )
        if let context = exchange.context {
            ResponseEncoding.writeField("x-request-id", context.requestID, into: &self.output)
        }
        if !exchange.keepsAlive {
            self.output.writeStaticString("connection: close\r\n")
        } else if !exchange.isVersion11 {
            self.output.writeStaticString("connection: keep-alive\r\n")
        }
        self.output.writeImmutableBuffer(self.server.responseFields)
        self.output.writeStaticString("\r\n")
    }

    private func writeContent(
        _ exchange: HTTPExchange,
        _ response: HTTPResponse,
        count: Int,
        write: (inout ByteBuffer) -> Void
    ) {
        if exchange.isHead || response.status.mayNotHaveContent { return }
        exchange.responseBytes = count
        write(&self.output)
    }

    private func finish(_ exchange: HTTPExchange) {
        self.record(exchange)
        exchange.task = nil
        exchange.gate = nil
        self.exchanges.removeFirst()
        switch self.machine.answered(keepsAlive: exchange.keepsAlive, now: .now()) {
        case .continueWithNext:
            if !self.isReading, !self.isStarting {
                self.startNext()
                self.flush()
                self.checkTime(.now())
            }
        case .close(let lingers): self.closeAfterOutput(lingers: lingers)
        }
    }

    private func record(_ exchange: HTTPExchange) {
        self.server.observation.record(exchange, now: .now)
        self.server.runningRequests.remove()
    }

    // MARK: Output

    func flush() {
        guard self.output.readableBytes > 0, let context else { return }
        // Emptied first: the write can change writability, which starts requests that write again.
        var bytes = ByteBuffer()
        swap(&bytes, &self.output)
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
        self.loop.giveBack(bytes)
    }

    private func closeAfterOutput(lingers: Bool) {
        for exchange in self.exchanges { exchange.body?.finish(CancellationError()) }
        self.exchanges = []
        self.flush()
        guard let context else { return }
        if !lingers { return context.close(promise: nil) }
        self.machine.linger(now: .now())
        // Half of it first: a full close while input is under way would make the peer's kernel drop the answer.
        context.close(mode: .output, promise: nil)
        self.gate?.resume()
        self.checkTime(.now())
    }

    // MARK: Another protocol

    private func handOver(
        _ exchange: HTTPExchange,
        _ response: HTTPResponse,
        start: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) {
        guard let context, exchange.rules?.asksForUpgrade == true, exchange.isVersion11 else {
            exchange.isAnswered = false
            let problem = HTTPProblem(.upgradeRequired, code: "upgrade-required", detail: "This route speaks no HTTP.")
            let id = exchange.context?.requestID ?? ""
            return self.answer(exchange, problem.response(requestID: id, instance: exchange.head?.uri))
        }
        exchange.status = .switchingProtocols
        if self.output.capacity == 0 { self.output = self.loop.takeBuffer() }
        ResponseEncoding.writeStatusLine(.switchingProtocols, into: &self.output)
        self.loop.writeDate(into: &self.output, now: exchange.arrivedAt)
        ResponseEncoding.writeFields(response, framing: .none, into: &self.output)
        if let requestContext = exchange.context {
            ResponseEncoding.writeField("x-request-id", requestContext.requestID, into: &self.output)
        }
        self.output.writeStaticString("connection: Upgrade\r\n\r\n")
        self.flush()
        self.record(exchange)
        self.exchanges = []
        self.isHandedOver = true
        let channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        start(channel).hop(to: self.loop.eventLoop).whenComplete { result in
            switch result {
            case .success: bound.value.leavePipeline()
            case .failure: channel.close(promise: nil)
            }
        }
    }

    /// First the decoder goes, passing on what it holds, then what the gate holds follows, then both others go.
    private func leavePipeline() {
        guard let context, let gate else { return }
        let operations = context.pipeline.syncOperations
        let bound = NIOLoopBound((connection: self, gate: gate), eventLoop: self.loop.eventLoop)
        operations.removeHandler(self.decoder).whenComplete { _ in
            guard let context = bound.value.connection.context else { return }
            let waiting = bound.value.gate.takeWaiting()
            if waiting.readableBytes > 0 { context.fireChannelRead(NIOAny(waiting)) }
            context.fireChannelReadComplete()
            let pipeline = context.pipeline.syncOperations
            let channel = context.channel
            pipeline.removeHandler(bound.value.gate).whenComplete { _ in channel.read() }
            pipeline.removeHandler(bound.value.connection, promise: nil)
        }
    }
}

extension HTTPResponseStatus {
    /// RFC 9110, section 6.4.1.
    var mayNotHaveContent: Bool { self.code < 200 || self.code == 204 || self.code == 304 }
}

/// Which request ids of clients are repeated in our logs and answers.
enum RequestID {
    static func isAcceptable(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="):
                    true
                default: false
                }
            }
    }
}
