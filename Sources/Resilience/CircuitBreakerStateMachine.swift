/// The decisions of a circuit breaker: a value that is told about calls and answers whether the next may pass.
///
/// Each state has a generation; a result that belongs to an older one changes nothing. Randomness comes in as a number
/// in 0..<1.
package struct CircuitBreakerStateMachine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Mode: Sendable, Hashable {
        case closed
        case open
        case halfOpen
    }

    /// What an operator has decided, whatever the calls say.
    package enum Override: Sendable, Hashable {
        case forcedOpen
        case disabled
    }

    package enum Admission: Sendable, Hashable {
        case admitted(CircuitBreakerPermit, CircuitBreakerTransition?)
        case rejected(retryAfter: Duration)
    }

    package private(set) var mode = Mode.closed
    package private(set) var override: Override?
    private(set) var generation: UInt64 = 0
    private let settings: CircuitBreakerSettings

    private var window: SlidingWindow<Calls>
    private var median: Duration?
    private var consecutiveFailures = 0
    private var consecutiveOpenings = 0
    private var changedAt: Instant
    private var reopensAt: Instant
    private var isRamping = false
    private var ramp = Ramp()
    private var probes: [UInt64: Instant] = [:]
    private var probeSuccesses = 0
    private var probeLimit = 1
    private var nextPermit: UInt64 = 0

    package init(settings: CircuitBreakerSettings, now: Instant) {
        self.settings = settings
        self.window = SlidingWindow(empty: Calls(), count: 10, width: settings.window / 10, now: now)
        self.changedAt = now
        self.reopensAt = now
    }

    private struct Calls: Sendable {
        var total = 0
        var failed = 0
        var slow = 0
    }

    private struct Ramp: Sendable {
        /// Ended or refused; of calls under way nothing is known.
        var requests = 0.0
        var accepted = 0.0
        /// The client-side throttle of Google's SRE book, chapter 21, with K = 2.
        var rejection: Double { max(0, (self.requests - 2 * self.accepted) / (self.requests + 1)) }
    }

    package mutating func admit(now: Instant, random: Double) -> Admission {
        switch self.override {
        case .forcedOpen: return .rejected(retryAfter: self.settings.maximumOpenTime)
        case .disabled: return .admitted(self.permit(now: now, isProbe: false), nil)
        case nil: break
        }
        switch self.mode {
        case .closed:
            if self.isRamping {
                if self.changedAt.duration(to: now) >= self.settings.ramp {
                    self.isRamping = false
                } else if random < self.ramp.rejection {
                    self.ramp.requests += 1
                    return .rejected(retryAfter: self.settings.openTime)
                }
            }
            return .admitted(self.permit(now: now, isProbe: false), nil)
        case .open:
            guard now >= self.reopensAt else { return .rejected(retryAfter: now.duration(to: self.reopensAt)) }
            let transition = self.change(to: .halfOpen, now: now)
            return .admitted(self.permit(now: now, isProbe: true), transition)
        case .halfOpen:
            guard self.probes.count < self.probeLimit else {
                return .rejected(retryAfter: self.settings.openTime)
            }
            return .admitted(self.permit(now: now, isProbe: true), nil)
        }
    }

    /// Tells how an admitted call ended; each permit is completed once.
    package mutating func complete(
        _ permit: CircuitBreakerPermit,
        _ outcome: CircuitBreakerOutcome,
        now: Instant,
        random: Double
    ) -> CircuitBreakerTransition? {
        guard permit.generation == self.generation, self.override == nil else { return nil }
        if permit.isProbe, self.probes.removeValue(forKey: permit.id) == nil { return nil }
        switch (self.mode, outcome) {
        case (_, .ignored), (.open, _): return nil
        case (.halfOpen, .failure(let retryAfter)):
            return self.open(now: now, random: random, retryAfter: retryAfter)
        case (.halfOpen, .success):
            self.probeSuccesses += 1
            self.probeLimit = min(self.probeLimit * 2, 1024)
            guard self.probeSuccesses >= self.settings.closingSuccesses else { return nil }
            return self.change(to: .closed, now: now)
        case (.closed, _):
            self.record(outcome, duration: permit.startedAt.duration(to: now), now: now)
            guard self.shouldTrip else { return nil }
            return self.open(now: now, random: random, retryAfter: outcome.retryAfter)
        }
    }

    /// Gives effect to time alone: a probe that nobody answered fails.
    package mutating func tick(now: Instant, random: Double) -> CircuitBreakerTransition? {
        guard self.mode == .halfOpen, self.override == nil, self.probes.values.contains(where: { $0 <= now }) else {
            return nil
        }
        return self.open(now: now, random: random, retryAfter: nil)
    }

    /// An operator's decision, or its end; calls in flight no longer count.
    package mutating func setOverride(_ override: Override?, now: Instant) {
        self.override = override
        if override == nil { _ = self.change(to: .closed, now: now) }
    }

    package mutating func rates(now: Instant) -> (failure: Double, slow: Double, calls: Int) {
        self.window.advance(to: now)
        let total = self.window.sum(\.total)
        guard total > 0 else { return (0, 0, 0) }
        return (
            Double(self.window.sum(\.failed)) / Double(total), Double(self.window.sum(\.slow)) / Double(total), total
        )
    }

    /// Since when it has not been closed.
    package private(set) var openedAt: Instant?

    private mutating func permit(now: Instant, isProbe: Bool) -> CircuitBreakerPermit {
        self.nextPermit += 1
        if isProbe { self.probes[self.nextPermit] = now.advanced(by: self.settings.probeTimeout) }
        return CircuitBreakerPermit(
            id: self.nextPermit,
            generation: self.generation,
            isProbe: isProbe,
            startedAt: now
        )
    }

    private mutating func record(_ outcome: CircuitBreakerOutcome, duration: Duration, now: Instant) {
        let failed = outcome != .success
        let slow = duration > max(self.settings.slowCall, (self.median ?? .zero) * 4)
        // A running estimate of the median: one step of a twentieth towards each sample.
        if let median = self.median {
            self.median = duration > median ? median * 1.05 : median / 1.05
        } else {
            self.median = max(duration, .microseconds(1))
        }
        self.consecutiveFailures = failed ? self.consecutiveFailures + 1 : 0
        if self.isRamping {
            self.ramp.requests += 1
            if !failed { self.ramp.accepted += 1 }
        }
        self.window.advance(to: now)
        self.window.update { calls in
            calls.total += 1
            if failed { calls.failed += 1 }
            if slow { calls.slow += 1 }
        }
    }

    private var shouldTrip: Bool {
        if self.consecutiveFailures >= self.settings.consecutiveFailures { return true }
        let total = Double(self.window.sum(\.total))
        guard total >= Double(self.settings.minimumCalls) else { return false }
        return Double(self.window.sum(\.failed)) >= self.settings.failureRate * total
            || Double(self.window.sum(\.slow)) >= self.settings.slowRate * total
    }

    private mutating func open(now: Instant, random: Double, retryAfter: Duration?) -> CircuitBreakerTransition {
        if self.mode == .closed, self.changedAt.duration(to: now) >= self.settings.forgetAfter {
            self.consecutiveOpenings = 0
        }
        let doubled = self.settings.openTime * (1 << min(self.consecutiveOpenings, 16))
        // Equal jitter, so that the nodes of a cluster do not probe in step.
        let jittered = min(doubled, self.settings.maximumOpenTime) * (0.5 + random / 2)
        let advised = min(retryAfter ?? .zero, .seconds(60))
        self.consecutiveOpenings += 1
        self.reopensAt = now.advanced(by: max(jittered, advised))
        return self.change(to: .open, now: now)
    }

    private mutating func change(to mode: Mode, now: Instant) -> CircuitBreakerTransition {
        let transition = CircuitBreakerTransition(from: self.mode, to: mode)
        if mode == .closed {
            self.openedAt = nil
            self.isRamping = true
        } else if self.openedAt == nil {
            self.openedAt = now
        }
        self.mode = mode
        self.generation += 1
        self.changedAt = now
        self.ramp = Ramp()
        self.window.clear()
        self.consecutiveFailures = 0
        self.probes = [:]
        self.probeSuccesses = 0
        self.probeLimit = 1
        return transition
    }
}

/// How a call ended, as far as the breaker cares.
package enum CircuitBreakerOutcome: Sendable, Hashable {
    case success
    /// The other side may have said when to come back.
    case failure(retryAfter: Duration?)
    /// Says nothing about the other side; gives a half-open probe back.
    case ignored

    var retryAfter: Duration? {
        if case .failure(let retryAfter) = self { retryAfter } else { nil }
    }
}

/// Leave to make one call.
package struct CircuitBreakerPermit: Sendable, Hashable {
    let id: UInt64
    let generation: UInt64
    let isProbe: Bool
    let startedAt: ContinuousClock.Instant
}

/// A change of state, emitted exactly once.
package struct CircuitBreakerTransition: Sendable, Hashable {
    package let from: CircuitBreakerStateMachine.Mode
    package let to: CircuitBreakerStateMachine.Mode
}
