import Concurrency
import NIOCore
import NIOHTTP1

/// Running the requests, one after the other.
extension HTTPConnection {
    /// Output gathered before it is handed to the socket although requests are still being served.
    private static let outputLimit = 65_536

    /// Runs the requests that are ready, in order; those whose handlers do not suspend are answered when it returns.
    func startNext() {
        if self.isStarting { return }
        self.isStarting = true
        defer { self.isStarting = false }
        repeat {
            while self.machine.canStart, let exchange = self.exchanges.first {
                self.start(exchange)
                if self.output.readableBytes >= Self.outputLimit { self.flush() }
            }
            // Requests held back at the gate arrive within this call, and nobody else would start them.
            self.gate?.resume()
        } while self.machine.canStart && !self.exchanges.isEmpty
    }

    private func start(_ exchange: HTTPExchange) {
        let limit = self.deadline(of: exchange)
        self.machine.started(deadline: (self.isReading ? self.readAt : .now()) + TimeAmount(limit))
        let context = self.makeContext(exchange, limit: limit)
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
        let acceptsGzip = exchange.rules?.acceptsGzip ?? false
        let progress = self.server.pipeline.begin(request)
        if case .answered(let response) = progress,
            let encoded = response.encodedAtOnce(
                from: self.server.settings.compressionThreshold,
                acceptsGzip: acceptsGzip
            )
        {
            return self.answer(exchange, encoded)
        }
        self.startTask(exchange, request, progress, acceptsGzip: acceptsGzip)
    }

    /// For requests that have to wait, be it for the client to take a stream.
    private func startTask(
        _ exchange: HTTPExchange,
        _ request: HTTPRequest,
        _ progress: RequestPipeline.Progress,
        acceptsGzip: Bool
    ) {
        let server = self.server
        let bound = NIOLoopBound((connection: self, exchange: exchange), eventLoop: self.loop.eventLoop)
        server.runningRequests.add()
        // Runs here, on the event loop, until it first suspends, and resumes here too. Its end is awaited through the
        // count of running requests.
        let task = Task.immediate(executorPreference: self.loop.executor) {
            defer { server.runningRequests.remove() }
            var response: HTTPResponse
            switch progress {
            case .answered(let made): response = made
            case .waiting(let rest): response = await server.pipeline.finish(rest, request)
            }
            response = await response.encoded(from: server.settings.compressionThreshold, acceptsGzip: acceptsGzip)
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

    private func makeContext(_ exchange: HTTPExchange, limit: Duration) -> RequestContext {
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
            isLoopback: client == self.peer ? self.isPeerLoopback : TrustedProxies.isLoopback(client),
            isSecure: self.isSecure,
            deadline: .after(limit),
            eventLoop: self.loop.eventLoop,
            logger: self.server.logger
        )
    }

    /// The handler did not end in the time after its cancellation: the client hears so, and the connection ends, because
    /// the handler may still be using the request.
    func abandonHandler() {
        guard let exchange = self.exchanges.first, let context = exchange.context else { return }
        exchange.gate?.abandon()
        exchange.body?.finish(CancellationError())
        self.machine.endAfterAnswer(isInputSpoilt: true)
        self.exchanges = [exchange]
        let instance = exchange.head.map { RequestTarget.path(of: $0.uri) }
        self.answer(exchange, HTTPProblem.deadlineExceeded.response(requestID: context.requestID, instance: instance))
    }
}
