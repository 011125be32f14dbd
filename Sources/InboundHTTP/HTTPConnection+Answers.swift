import NIOCore
import NIOHTTP1

/// Writing answers.
extension HTTPConnection {
    /// Writes a whole answer and goes on to the next request.
    ///
    /// Does nothing when the exchange has been answered already, or its client has left.
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
        exchange.answeredAt = .now()
        exchange.keepsAlive = self.machine.decideToKeepAlive(isDraining: self.server.phase != .serving)
        // Gathered as bytes, because an append to a `ByteBuffer` costs several times one to an array.
        var head: [UInt8] = []
        self.loop.swapHead(&head)
        ResponseEncoding.writeStatusLine(response.status, into: &head)
        self.loop.writeDate(into: &head, now: exchange.answeredAt)
        ResponseEncoding.writeFields(
            response,
            framing: response.status.mayNotHaveContent ? .none : framing,
            into: &head
        )
        if let context = exchange.context {
            ResponseEncoding.writeField("x-request-id", context.requestID, into: &head)
        }
        if !exchange.keepsAlive {
            head.append(contentsOf: ResponseEncoding.closeField)
        } else if !exchange.isVersion11 {
            head.append(contentsOf: ResponseEncoding.keepAliveField)
        }
        head.append(contentsOf: self.server.responseFields)
        head.append(contentsOf: ResponseEncoding.lineEnd)
        self.write(head)
        self.loop.swapHead(&head)
    }

    /// Adds to the output.
    func write(_ bytes: [UInt8]) {
        if self.output.capacity == 0 { self.output = self.loop.takeBuffer() }
        self.output.writeBytes(bytes)
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
        // A stream ends after its head was written.
        let now = self.machine.answer == .streaming ? .now() : exchange.answeredAt
        self.record(exchange, now: now)
        exchange.task = nil
        exchange.gate = nil
        self.exchanges.removeFirst()
        switch self.machine.answered(keepsAlive: exchange.keepsAlive, now: now) {
        case .continueWithNext:
            if !self.isReading, !self.isStarting {
                self.startNext()
                self.flush()
                self.checkTime(.now())
            }
        case .close(let lingers): self.closeAfterOutput(lingers: lingers)
        }
    }

    func record(_ exchange: HTTPExchange, now: NIODeadline = .now()) {
        self.server.observation.record(exchange, now: now)
    }

    // MARK: Output

    func flush() {
        guard self.output.readableBytes > 0, let gate else { return }
        // Emptied first: the write can change writability, which starts requests that write again.
        var bytes = ByteBuffer()
        swap(&bytes, &self.output)
        gate.writeAndFlush(bytes)
        self.loop.giveBack(bytes)
    }

    func closeAfterOutput(lingers: Bool) {
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
}

extension HTTPResponseStatus {
    /// RFC 9110, section 6.4.1.
    var mayNotHaveContent: Bool { self.code < 200 || self.code == 204 || self.code == 304 }
}
