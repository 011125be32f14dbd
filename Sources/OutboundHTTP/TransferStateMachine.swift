/// What bounds one transfer.
struct TransferLimits: Sendable, Hashable {
    var maxHeadBytes: Int
    var maxBodyBytes: Int
    var readTimeout: Duration
    var deadline: ContinuousClock.Instant
    /// Unread bytes of the body from which on the transfer pauses; nil: it is collected whole.
    var pauseAbove: Int?
}

/// How libcurl says a transfer ended, without its types.
struct TransferEnd: Sendable, Hashable {
    enum Reason: Sendable, Hashable {
        case complete
        case resolve
        case connect
        case timeout
        case tls
        case lost
        case truncated
        case `protocol`
        case invalidRequest
        case unavailable
        /// One of our callbacks ended it and has left the reason.
        case callback
    }

    let reason: Reason
    let message: String
}

/// Decides what becomes of one transfer: what its response is, when it has to wait, and why it fails.
struct TransferStateMachine {
    private enum Phase {
        /// No byte of a response yet; becomes head or ended.
        case waiting
        /// Between status line and empty line; becomes body, or waiting again after an interim response.
        case head
        /// The head is complete; becomes ended.
        case body
        case ended
    }

    enum BodyAction: Equatable {
        case take
        case pause
        case fail
    }

    enum TimerAction {
        case rearm(ContinuousClock.Instant)
        case fail(HTTPClientError)
    }

    private let limits: TransferLimits
    private let isHead: Bool
    private let decompresses: Bool
    /// Whether the transfer began on a connection that was open already.
    private let beganConnected: Bool
    private var phase = Phase.waiting
    private var failure: HTTPClientError?
    private var headBytes = 0
    private var bodyBytes = 0
    private var status = 0
    private var headers = HTTPHeaderFields()
    private var requestBegan = false
    private var anyByteReceived = false
    private var openedConnection = false
    private var refusedRetry = false
    private var isPaused = false
    private var lastActivity: ContinuousClock.Instant

    /// Nil until the head is complete.
    private(set) var head: HTTPResponseHead?

    init(
        limits: TransferLimits,
        method: String,
        decompresses: Bool,
        beganConnected: Bool,
        now: ContinuousClock.Instant
    ) {
        self.limits = limits
        self.isHead = method == "HEAD"
        self.decompresses = decompresses
        self.beganConnected = beganConnected
        self.lastActivity = now
    }

    /// Whether a socket may be opened.
    ///
    /// libcurl 7.88 sends a request again, of any method and without being asked, when a connection used before dies
    /// without an answer. Only who made the request can know whether that is safe: after the request has begun no other
    /// connection is allowed.
    mutating func socketRequested() -> Bool {
        guard !self.requestBegan else {
            self.refusedRetry = true
            return false
        }
        self.openedConnection = true
        return true
    }

    mutating func requestStarted(now: ContinuousClock.Instant) {
        self.requestBegan = true
        self.lastActivity = now
    }

    mutating func requestBodyRead(now: ContinuousClock.Instant) {
        self.lastActivity = now
    }

    mutating func requestBodyEndedEarly() {
        _ = self.fail(.invalidRequest, "the request's body is shorter than announced")
    }

    /// Takes one line of a head, with its line end.
    ///
    /// - Returns: false when the transfer must end.
    mutating func headerLineReceived(_ line: [UInt8], now: ContinuousClock.Instant) -> Bool {
        self.lastActivity = now
        self.anyByteReceived = true
        self.headBytes += line.count
        guard self.headBytes <= self.limits.maxHeadBytes else {
            return self.fail(.protocol, "the response's head exceeds \(self.limits.maxHeadBytes) bytes")
        }
        // Lines after the head are trailers of a chunked body.
        if case .body = self.phase { return true }
        let text = String(decoding: line, as: UTF8.self).trimmingLineEnd()
        switch self.phase {
        case .waiting: return self.statusLineReceived(text)
        case .head where text.isEmpty: return self.headEnded()
        case .head: return self.fieldReceived(text)
        case .body, .ended: return true
        }
    }

    /// Decides about bytes of the body of which `unread` are held for the consumer already.
    mutating func bodyReceived(_ count: Int, unread: Int, now: ContinuousClock.Instant) -> BodyAction {
        self.lastActivity = now
        if let limit = self.limits.pauseAbove, unread >= limit {
            self.isPaused = true
            return .pause
        }
        self.bodyBytes += count
        guard self.bodyBytes <= self.limits.maxBodyBytes else {
            _ = self.fail(.bodyTooLarge, "the response's body exceeds \(self.limits.maxBodyBytes) bytes")
            return .fail
        }
        return .take
    }

    /// The consumer has taken what it held.
    ///
    /// - Returns: whether the transfer was paused and must go on.
    mutating func unreadTaken(now: ContinuousClock.Instant) -> Bool {
        guard self.isPaused else { return false }
        self.isPaused = false
        self.lastActivity = now
        return true
    }

    /// Says when to be called again.
    ///
    /// Reading times out only while the server is to act: a paused transfer waits for our own consumer, and before the
    /// request begins the connect timeout counts.
    mutating func timerFired(now: ContinuousClock.Instant, requestWasSent: Bool) -> TimerAction {
        if now >= self.limits.deadline {
            return .fail(self.error(.timeout(.total), "the deadline passed \(self.whereItWas)", requestWasSent))
        }
        let isWaiting = self.requestBegan && !self.isPaused
        let next = (isWaiting ? self.lastActivity : now).advanced(by: self.limits.readTimeout)
        if now >= next {
            let silence = "the server was silent for \(self.limits.readTimeout) \(self.whereItWas)"
            return .fail(self.error(.timeout(.read), silence, requestWasSent))
        }
        return .rearm(min(next, self.limits.deadline))
    }

    /// What the transfer comes to; nil when it succeeded.
    mutating func ended(_ end: TransferEnd, requestWasSent: Bool) -> HTTPClientError? {
        let wasInBody = self.head != nil
        self.phase = .ended
        if let failure {
            return self.error(failure.code, failure.message, requestWasSent)
        }
        if self.refusedRetry {
            return self.error(.connectionLost, "the server closed the connection before it answered", requestWasSent)
        }
        let code: HTTPClientError.Code
        switch end.reason {
        case .complete:
            guard self.head == nil else { return nil }
            return self.error(.protocol, "the response has no head", requestWasSent)
        case .resolve: code = .resolve
        case .connect: code = .connect
        case .timeout: code = .timeout(.connect)
        case .tls: code = .tls
        case .lost: code = wasInBody ? .truncated : .connectionLost
        case .truncated: code = .truncated
        case .protocol: code = .protocol
        case .invalidRequest: code = .invalidRequest
        case .unavailable, .callback: code = .unavailable
        }
        return self.error(code, end.message, requestWasSent)
    }
}

extension TransferStateMachine {
    private mutating func statusLineReceived(_ line: String) -> Bool {
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3, let status = Int(parts[1]),
            (100...599).contains(status), status != 101
        else { return self.fail(.protocol, "not a status line: \(line.prefix(80).debugDescription)") }
        self.status = status
        self.headers = HTTPHeaderFields()
        self.phase = .head
        return true
    }

    private mutating func fieldReceived(_ line: String) -> Bool {
        if line.hasPrefix(" ") || line.hasPrefix("\t") {
            self.headers.continueLast(line.trimmingBlanks())
            return true
        }
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
            return self.fail(.protocol, "not a header field: \(line.prefix(80).debugDescription)")
        }
        self.headers.add(String(line[..<colon]), line[line.index(after: colon)...].trimmingBlanks())
        return true
    }

    private mutating func headEnded() -> Bool {
        guard self.status >= 200 else {
            self.phase = .waiting
            return true
        }
        self.phase = .body
        let encoding = self.headers["Content-Encoding"]?.lowercased() ?? "identity"
        if !self.isHead, encoding == "identity", let length = self.headers["Content-Length"].flatMap(Int.init),
            length > self.limits.maxBodyBytes
        {
            return self.fail(
                .bodyTooLarge,
                "the response announces \(length) bytes, more than \(self.limits.maxBodyBytes)"
            )
        }
        if self.decompresses, !self.isHead, encoding != "identity" {
            self.headers.remove("Content-Encoding")
            self.headers.remove("Content-Length")
        }
        self.head = HTTPResponseHead(status: self.status, headers: self.headers)
        return true
    }

    private mutating func fail(_ code: HTTPClientError.Code, _ message: String) -> Bool {
        self.failure = HTTPClientError(code, message)
        return false
    }

    private func error(_ code: HTTPClientError.Code, _ message: String, _ requestWasSent: Bool) -> HTTPClientError {
        HTTPClientError(
            code,
            message,
            requestWasSent: requestWasSent,
            connectionWasStale: code == .connectionLost && self.beganConnected && !self.openedConnection
                && !self.anyByteReceived
        )
    }

    private var whereItWas: String {
        switch self.phase {
        case .waiting: self.requestBegan ? "before a response began" : "before the request could be sent"
        case .head, .body, .ended: "after \(self.headBytes + self.bodyBytes) bytes of the response"
        }
    }
}

extension StringProtocol {
    fileprivate func trimmingLineEnd() -> String {
        var end = self.endIndex
        while end > self.startIndex, self[self.index(before: end)].isNewline { end = self.index(before: end) }
        return String(self[..<end])
    }

    fileprivate func trimmingBlanks() -> String {
        let start = self.drop { $0 == " " || $0 == "\t" }
        var end = start.endIndex
        while end > start.startIndex, " \t".contains(start[start.index(before: end)]) { end = start.index(before: end) }
        return String(start[..<end])
    }
}
