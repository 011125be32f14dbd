import NIOCore

/// Decides the life of one HTTP/1 connection: whether input is wanted, when the next request may run, whether the socket
/// survives an answer, and what happens when time runs out.
///
/// The requests themselves wait in the shell; here they are counted. The first of them is the one being answered, the
/// last may still be arriving.
struct HTTPConnectionStateMachine {
    enum Input: Equatable {
        case betweenRequests
        case head
        case body
        /// The request asked for another protocol: what follows it may belong to that and is left where it is.
        case held
        /// Whatever still comes is thrown away; reading goes on, to notice when the client leaves.
        case closed
    }

    enum Answer: Equatable {
        /// No request, or one that has not been started.
        case none
        case running
        case streaming
    }

    enum AfterAnswer: Equatable {
        case continueWithNext
        /// `lingers`: input may be under way, and closing at once could destroy the answer with a reset.
        case close(lingers: Bool)
    }

    enum Verdict: Equatable {
        case wait(until: NIODeadline)
        /// Answer 408 if nothing is running, and close.
        case inputTooSlow
        /// Cancel the handler; it may still answer.
        case cancelHandler
        /// The handler ignores its cancellation: answer in its place, and close.
        case abandonHandler
        case close
    }

    /// Given to a handler between its cancellation and the answer in its place.
    private static let cancellationGrace = TimeAmount.seconds(1)

    let limits: HTTPLimits
    private(set) var input = Input.betweenRequests
    private(set) var answer = Answer.none
    /// Requests known: being answered, waiting, arriving.
    private(set) var requests = 0
    private(set) var closesAfterAnswer = false
    private(set) var isWritable = true

    private var inputSince: NIODeadline
    private var bodyBytes = 0
    private var isBodyPaused = false
    /// Input has come that will not be read as requests.
    private var isInputSpoilt = false
    private var deadline: NIODeadline?
    private var wasCancelled = false
    private var stall: (since: NIODeadline, buffered: Int)?
    private var lingersUntil: NIODeadline?

    init(limits: HTTPLimits, now: NIODeadline) {
        self.limits = limits
        self.inputSince = now
    }

    // MARK: Input

    var wantsInput: Bool {
        switch self.input {
        case .held: return false
        case .closed: return true
        case .betweenRequests, .head, .body: break
        }
        return !self.isBodyPaused && self.requests <= self.limits.pipelinedRequests
    }

    /// Whether the first request may be given to its handler.
    var canStart: Bool { self.requests > 0 && self.answer == .none && self.lingersUntil == nil && self.isWritable }

    /// Whether the first request has arrived completely.
    var isFirstComplete: Bool { self.requests > 1 || self.input != .body }

    mutating func bytesArrived(now: NIODeadline) {
        guard self.input == .betweenRequests else { return }
        self.input = .head
        self.inputSince = now
    }

    /// Returns false when the request must be ignored, because the connection ends with an earlier one.
    mutating func headArrived(keepsAlive: Bool, now: NIODeadline) -> Bool {
        guard self.input == .head || self.input == .betweenRequests, !self.closesAfterAnswer else { return false }
        self.requests += 1
        self.closesAfterAnswer = !keepsAlive
        self.input = .body
        self.inputSince = now
        self.bodyBytes = 0
        self.isBodyPaused = false
        return true
    }

    mutating func bodyArrived(bytes: Int, pausesReading: Bool) {
        self.bodyBytes += bytes
        self.isBodyPaused = pausesReading
    }

    mutating func resumeBody(now: NIODeadline) {
        guard self.isBodyPaused else { return }
        // The client was not to blame for the pause: the rate is measured from here.
        self.isBodyPaused = false
        self.inputSince = now
        self.bodyBytes = 0
    }

    mutating func requestEnded(asksForUpgrade: Bool, now: NIODeadline) {
        guard self.input == .body else { return }
        self.input = asksForUpgrade ? .held : self.closesAfterAnswer ? .closed : .betweenRequests
        self.inputSince = now
        self.isBodyPaused = false
    }

    /// The rest of the input cannot be understood or will not be read.
    ///
    /// Returns whether a request must be invented to answer it, because no known one is to blame.
    mutating func inputFailed() -> Bool {
        guard self.input != .closed, self.input != .held else { return false }
        let wasInRequest = self.input == .body
        self.input = .closed
        self.closesAfterAnswer = true
        self.isBodyPaused = false
        self.isInputSpoilt = true
        if wasInRequest { return false }
        self.requests += 1
        return true
    }

    /// The answer being made is the last, and requests not begun are forgotten: the client has left, or
    /// (`isInputSpoilt`) its input is no longer read.
    mutating func endAfterAnswer(isInputSpoilt: Bool) {
        self.input = .closed
        self.closesAfterAnswer = true
        self.isInputSpoilt = self.isInputSpoilt || isInputSpoilt
        self.requests = self.answer == .none ? 0 : 1
    }

    /// Bytes came that belong to no request.
    mutating func discarded() {
        self.isInputSpoilt = true
    }

    // MARK: Answers

    /// The answer about to be written can only be ended by closing.
    mutating func closeAfterAnswer() {
        self.closesAfterAnswer = true
        if self.input != .body { self.input = .closed }
    }

    mutating func started(deadline: NIODeadline) {
        self.answer = .running
        self.deadline = deadline
        self.wasCancelled = false
    }

    mutating func streaming() {
        self.answer = .streaming
    }

    /// Whether the answer about to be written must announce that the connection closes: the client asked for it as the
    /// last request known, input has failed, or the request's body is still arriving.
    mutating func decideToKeepAlive(isDraining: Bool) -> Bool {
        if isDraining || (self.requests == 1 && self.input == .body) { self.closesAfterAnswer = true }
        if isDraining && self.input == .betweenRequests { self.input = .closed }
        return !self.closesAfterAnswer || (self.requests > 1 && !isDraining)
    }

    mutating func answered(keepsAlive: Bool, now: NIODeadline) -> AfterAnswer {
        let isComplete = self.isFirstComplete
        self.requests -= 1
        self.answer = .none
        self.deadline = nil
        if keepsAlive {
            if self.input == .betweenRequests, self.requests == 0 { self.inputSince = now }
            return .continueWithNext
        }
        let lingers = !isComplete || self.requests > 0 || self.isInputSpoilt
        self.input = .closed
        self.requests = 0
        return .close(lingers: lingers)
    }

    mutating func linger(now: NIODeadline) {
        self.lingersUntil = now + TimeAmount(self.limits.lingerTime)
    }

    mutating func writabilityChanged(_ isWritable: Bool, buffered: Int, now: NIODeadline) {
        self.isWritable = isWritable
        self.stall = isWritable ? nil : (since: now, buffered: buffered)
    }

    // MARK: Time

    /// What the passing of time asks for.
    ///
    /// `buffered` are the bytes that the client has not taken yet.
    mutating func check(now: NIODeadline, buffered: Int) -> Verdict {
        if let lingersUntil { return lingersUntil <= now ? .close : .wait(until: lingersUntil) }
        var next = NIODeadline.distantFuture
        if !self.isWritable {
            // Fewer bytes than before: the client is slow, but takes them.
            if let stall, buffered >= stall.buffered {
                let end = stall.since + TimeAmount(self.limits.writeStallTime)
                if end <= now { return .close }
                next = min(next, end)
            } else {
                self.stall = (since: now, buffered: buffered)
                next = min(next, now + TimeAmount(self.limits.writeStallTime))
            }
        }
        if self.answer == .running, let deadline {
            if deadline <= now {
                if self.wasCancelled { return .abandonHandler }
                self.wasCancelled = true
                self.deadline = now + Self.cancellationGrace
                return .cancelHandler
            }
            next = min(next, deadline)
        }
        switch self.inputDue(now: now) {
        case .passed where self.input == .betweenRequests: return .close
        case .passed: return .inputTooSlow
        case .due(let time): return .wait(until: min(next, time))
        }
    }

    private enum InputDue {
        case passed
        case due(NIODeadline)
    }

    private func inputDue(now: NIODeadline) -> InputDue {
        let due: NIODeadline
        switch self.input {
        case .closed, .held: return .due(.distantFuture)
        case .betweenRequests:
            if self.requests > 0 { return .due(.distantFuture) }
            due = self.inputSince + TimeAmount(self.limits.idleTime)
        case .head:
            // While reading is paused for the answers before it, a head cannot arrive.
            if !self.wantsInput { return .due(.distantFuture) }
            due = self.inputSince + TimeAmount(self.limits.headTime)
        case .body:
            if self.isBodyPaused || self.requests > self.limits.pipelinedRequests { return .due(.distantFuture) }
            // The bytes that have come pay for this much time.
            let paid = Int64(self.bodyBytes) * 1_000_000_000 / Int64(max(self.limits.bodyRate, 1))
            due = self.inputSince + TimeAmount(self.limits.bodyGrace) + .nanoseconds(paid)
        }
        return due <= now ? .passed : .due(due)
    }
}
