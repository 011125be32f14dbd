import Concurrency
import Reactor
import Synchronization

/// A slot of the pool: at most one connection to one origin, and one request on it at a time.
///
/// An actor of the reactor, because all of libcurl's calls and callbacks for one handle belong on one thread. The
/// connection is opened by the first request. It stays open between requests and is watched: when the server closes it,
/// or sends what nobody asked for, the slot is of no use any more and says so before it is lent again.
actor HTTPConnection {
    /// What a consumer gets next of a response.
    enum Progress: Sendable {
        case response(HTTPClientResponse)
        case head(HTTPResponseHead)
        case chunk([UInt8])
        case end(HTTPTimings)
    }

    /// Tells the exchanges of a slot apart, so that a late cancellation does not hit the next one.
    struct ExchangeID: Sendable, Hashable {
        fileprivate let number: UInt64
        private static let next = Atomic<UInt64>(0)

        init() {
            self.number = Self.next.wrappingAdd(1, ordering: .relaxed).newValue
        }
    }

    private struct Exchange {
        let id: ExchangeID
        let isStreamed: Bool
        var waiter: CheckedContinuation<Progress, any Error>?
        /// Waits until what it has given is on its way.
        var sender: CheckedContinuation<Bool, Never>?
        var timer: TimerID?
        var headWasTaken = false
        var outcome: Result<HTTPTimings, any Error>?
    }

    private let reactor: Reactor
    private let origin: HTTPOrigin
    private let settings: HTTPClientSettings
    private let resolveEntry: String?
    private var slot: CurlSlot?
    private var exchange: Exchange?
    private var isClosed = false
    private let usable = Atomic(true)
    /// Called on the reactor's thread, once, when an idle connection has ended.
    private let onIdleEnd: @Sendable (HTTPClientError) -> Void

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The reactor lives as long as the actor, which holds it.
        unsafe self.reactor.asUnownedSerialExecutor()
    }

    /// Whether another request may be made: not after a failure, and not when the server has ended the connection.
    nonisolated var isUsable: Bool { self.usable.load(ordering: .acquiring) }

    init(
        origin: HTTPOrigin,
        addresses: [HostAddress],
        settings: HTTPClientSettings,
        reactor: Reactor,
        onIdleEnd: @escaping @Sendable (HTTPClientError) -> Void
    ) {
        self.origin = origin
        self.settings = settings
        self.reactor = reactor
        self.onIdleEnd = onIdleEnd
        let isLiteral = HostAddress(literal: origin.host) != nil
        let list = addresses.map { $0.family == .ipv6 ? "[\($0.text)]" : $0.text }.joined(separator: ",")
        self.resolveEntry = isLiteral || list.isEmpty ? nil : "\(origin.host):\(origin.port):\(list)"
    }

    /// Makes a request and collects its response; for requests whose body is there.
    func respond(to request: CurlRequest, deadline: Deadline) async throws -> HTTPClientResponse {
        let progress = try await self.exchange(request, ExchangeID(), isStreamed: false, deadline)
        guard case .response(let response) = progress else {
            throw HTTPClientError(.unavailable, "the exchange ended without a response", requestWasSent: true)
        }
        return response
    }

    /// Begins an exchange and returns its first progress: the response, or the head when it is streamed.
    ///
    /// `next` gives the rest of a streamed one, and `forget` does without it.
    func exchange(
        _ request: CurlRequest,
        _ id: ExchangeID,
        isStreamed: Bool,
        _ deadline: Deadline
    ) async throws -> Progress {
        try await self.cancellable(id) { continuation in
            do throws(HTTPClientError) {
                try self.begin(request, Exchange(id: id, isStreamed: isStreamed, waiter: continuation), deadline)
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Begins an exchange whose body is still to come with `give`; `next` gives its first progress.
    func start(
        _ request: CurlRequest,
        _ id: ExchangeID,
        isStreamed: Bool,
        _ deadline: Deadline
    ) throws(HTTPClientError) {
        try self.begin(request, Exchange(id: id, isStreamed: isStreamed), deadline)
    }

    /// Adds bytes to the body of an exchange begun with `start`.
    ///
    /// Returns when they are on their way; false when the exchange is over.
    func give(_ bytes: [UInt8], _ id: ExchangeID) async -> Bool {
        await withCheckedContinuation(isolation: self) { continuation in
            guard let slot, self.exchange?.id == id, self.exchange?.outcome == nil else {
                continuation.resume(returning: false)
                return
            }
            self.exchange?.sender = continuation
            if slot.state.upload.hasRoom(bytes.count) {
                if slot.state.upload.added(bytes) { slot.resume() }
                self.settle()
            } else {
                let message = "the request's body is longer than announced"
                self.abort(HTTPClientError(.invalidRequest, message, requestWasSent: slot.requestWasSent))
            }
        }
    }

    /// Ends the body of an exchange begun with `start`.
    func giveEnd(_ id: ExchangeID) {
        guard let slot, self.exchange?.id == id, self.exchange?.outcome == nil else { return }
        if slot.state.upload.ended() { slot.resume() }
        self.settle()
    }

    /// The next bytes of a streamed response, or its end.
    func next(_ id: ExchangeID) async throws -> Progress {
        try await self.cancellable(id) { continuation in
            guard self.exchange?.id == id, self.exchange?.waiter == nil else {
                continuation.resume(throwing: HTTPClientError(.unavailable, "the stream is over", requestWasSent: true))
                return
            }
            self.exchange?.waiter = continuation
            self.settle()
        }
    }

    /// Ends an exchange whose response nobody wants any more, with the error its consumer gets if it still waits.
    func abandon(_ id: ExchangeID, _ error: any Error = CancellationError()) {
        guard self.exchange?.id == id else { return }
        self.abort(error)
    }

    /// Ends an exchange and forgets it; a complete one leaves its connection open.
    func forget(_ id: ExchangeID) {
        guard self.exchange?.id == id else { return }
        self.abort(CancellationError())
        self.exchange = nil
    }

    /// Closes the connection; a request under way fails.
    func close() {
        self.isClosed = true
        self.usable.store(false, ordering: .releasing)
        if self.exchange != nil {
            self.abort(HTTPClientError(.unavailable, "the connection was closed", requestWasSent: self.requestWasSent))
        }
        self.slot = nil
    }
}

// MARK: - Exchange

extension HTTPConnection {
    private func begin(
        _ request: CurlRequest,
        _ exchange: Exchange,
        _ deadline: Deadline
    ) throws(HTTPClientError) {
        guard self.exchange == nil, !self.isClosed else {
            throw HTTPClientError(.unavailable, "the connection is busy or closed")
        }
        // Ended by the server after it was lent: nothing was sent on it, and another connection serves as well. The slot
        // stays unusable and is closed when it comes back.
        if !self.isUsable { self.slot = nil }
        let slot = try self.openSlot()
        let limits = TransferLimits(
            maxHeadBytes: self.settings.maxHeadBytes,
            maxBodyBytes: request.maxBodyBytes,
            readTimeout: request.readTimeout,
            deadline: deadline.instant,
            pauseAbove: exchange.isStreamed ? Self.unreadLimit : nil
        )
        let transfer = TransferStateMachine(
            limits: limits,
            method: request.method,
            decompresses: request.acceptsCompression,
            beganConnected: slot.state.sockets.isConnected,
            now: .now
        )
        slot.state.begin(transfer, upload: request.upload)
        try slot.begin(request)
        self.exchange = exchange
        self.timerFired(of: exchange.id)
        slot.timerFired()
        self.settle()
    }

    /// Bytes of a streamed body held for a consumer that is slow, before the server has to wait.
    private static var unreadLimit: Int { 256 * 1024 }

    /// Opened late, because its handlers need the actor.
    private func openSlot() throws(HTTPClientError) -> CurlSlot {
        if let slot { return slot }
        let state = SlotState(
            reactor: self.reactor,
            socketHandler: { [weak self] descriptor, events in
                self?.assumeIsolated { $0.socketReady(descriptor, events) }
            },
            timerHandler: { [weak self] in
                self?.assumeIsolated {
                    $0.slot?.timerFired()
                    $0.settle()
                }
            }
        )
        let slot = try CurlSlot(settings: self.settings, resolveEntry: self.resolveEntry, state: state)
        self.slot = slot
        return slot
    }

    private func socketReady(_ descriptor: CInt, _ events: ReactorEvents) {
        guard let slot else { return }
        if let exchange, exchange.outcome == nil {
            slot.socketReady(descriptor, events)
            self.settle()
            return
        }
        let wasUsable = self.usable.exchange(false, ordering: .acquiringAndReleasing)
        if self.exchange == nil {
            self.slot = nil
            if wasUsable {
                self.onIdleEnd(HTTPClientError(.connectionLost, "\(self.origin) closed an idle connection"))
            }
        } else {
            // Its response is complete and not yet taken.
            self.settle()
        }
    }

    /// After each step of libcurl: watches what it wants watched, takes note of the end, serves who waits.
    private func settle() {
        self.assertIsolated()
        guard let slot else { return }
        if self.exchange?.outcome == nil, let end = slot.takeEnd() { self.ended(end, slot) }
        do {
            let isOver = self.exchange.map { $0.outcome != nil } ?? true
            try slot.state.sockets.apply(isIdle: isOver && self.isUsable)
        } catch {
            self.usable.store(false, ordering: .releasing)
            self.abort(
                HTTPClientError(
                    .unavailable,
                    "a socket cannot be watched: \(error)",
                    requestWasSent: self.requestWasSent,
                    cause: error
                )
            )
        }
        if slot.state.upload.isHungry { self.releaseSender(true) }
        self.serve(slot)
    }

    private func releaseSender(_ isUnderWay: Bool) {
        let sender = self.exchange?.sender
        self.exchange?.sender = nil
        sender?.resume(returning: isUnderWay)
    }

    private func ended(_ end: TransferEnd, _ slot: CurlSlot) {
        let error = slot.state.transfer?.ended(end, requestWasSent: slot.requestWasSent)
        let timings = slot.timings
        let connected = error == nil ? slot.connectedSocket : nil
        slot.finish()
        slot.state.sockets.keepOnly(connected)
        self.finish(error.map { .failure($0) } ?? .success(timings))
    }

    /// Ends the exchange from our side, and with it the connection.
    private func abort(_ error: any Error) {
        guard self.exchange != nil, self.exchange?.outcome == nil else { return }
        self.slot?.finish()
        self.slot?.state.sockets.keepOnly(nil)
        self.finish(.failure(error))
        if let slot { self.serve(slot) }
    }

    private func finish(_ outcome: Result<HTTPTimings, any Error>) {
        if case .failure = outcome { self.usable.store(false, ordering: .releasing) }
        if let timer = self.exchange?.timer { self.reactor.cancel(timer) }
        self.exchange?.timer = nil
        self.exchange?.outcome = outcome
        self.releaseSender(false)
    }

    private var requestWasSent: Bool {
        self.exchange?.outcome == nil && self.slot?.requestWasSent == true
    }
}

// MARK: - Consumer

extension HTTPConnection {
    /// Gives the waiting consumer what there is for it.
    private func serve(_ slot: CurlSlot) {
        guard let waiter = self.exchange?.waiter, let progress = self.takeProgress(slot) else { return }
        self.exchange?.waiter = nil
        switch progress {
        case .success(.response), .success(.end), .failure: self.exchange = nil
        case .success(.head), .success(.chunk): break
        }
        waiter.resume(with: progress)
    }

    private func takeProgress(_ slot: CurlSlot) -> Result<Progress, any Error>? {
        guard let exchange else { return nil }
        let state = slot.state
        if exchange.isStreamed {
            if case .failure(let error) = exchange.outcome, error is CancellationError { return .failure(error) }
            if !exchange.headWasTaken, let head = state.transfer?.head {
                self.exchange?.headWasTaken = true
                return .success(.head(head))
            }
            if exchange.headWasTaken, !state.unread.isEmpty { return .success(.chunk(self.takeUnread(slot))) }
        }
        switch exchange.outcome {
        case nil: return nil
        case .failure(let error): return .failure(error)
        case .success(let timings) where exchange.isStreamed: return .success(.end(timings))
        case .success(let timings):
            guard let head = state.transfer?.head else { return nil }
            let body = state.unread
            state.unread = []
            return .success(.response(HTTPClientResponse(head: head, body: body, timings: timings)))
        }
    }

    private func takeUnread(_ slot: CurlSlot) -> [UInt8] {
        let chunk = slot.state.unread
        slot.state.unread = []
        if slot.state.transfer?.unreadTaken(now: .now) == true, self.exchange?.outcome == nil {
            slot.resume()
            // Not now: this runs within `settle`.
            self.reactor.submit { [weak self] in self?.assumeIsolated { $0.settle() } }
        }
        return chunk
    }

    /// Waits for a continuation that `body` sees to; cancelling ends the exchange.
    private func cancellable(
        _ id: ExchangeID,
        _ body: (CheckedContinuation<Progress, any Error>) -> Void
    ) async throws -> Progress {
        try Task.checkCancellation()
        return try await withTaskCancellationHandler {
            // Named, because a closure that does not mention the actor does not run on it.
            try await withCheckedThrowingContinuation(isolation: self, body)
        } onCancel: {
            self.reactor.submit { self.assumeIsolated { $0.abandon(id) } }
        }
    }
}

// MARK: - Time

extension HTTPConnection {
    private func timerFired(of id: ExchangeID, isSecondLook: Bool = false) {
        guard self.exchange?.id == id, self.exchange?.outcome == nil, let slot else { return }
        switch slot.state.transfer?.timerFired(now: .now, requestWasSent: slot.requestWasSent) {
        case .rearm(let instant):
            self.exchange?.timer = self.reactor.schedule(at: instant) { [weak self] in
                self?.assumeIsolated { $0.timerFired(of: id) }
            }
        case .fail where !isSecondLook:
            // When this process has stalled, the answer may have come: the reactor sees to its sockets first.
            self.reactor.submit { [weak self] in
                self?.assumeIsolated { $0.timerFired(of: id, isSecondLook: true) }
            }
        case .fail(let error): self.abort(error)
        case nil: break
        }
    }
}
