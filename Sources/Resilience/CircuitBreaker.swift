import Concurrency
import Logging
import Metrics

/// Refuses calls to a dependency that fails, until a few probes say that it works again.
package final class CircuitBreaker: Sendable {
    package let name: String
    private let state: Locked<CircuitBreakerStateMachine>
    private let timing: Timing
    private let logger: Logger
    private let rejections: Counter

    package init(name: String, settings: CircuitBreakerSettings = .init(), timing: Timing = .system, logger: Logger) {
        self.name = name
        self.state = Locked(CircuitBreakerStateMachine(settings: settings, now: timing.now()))
        self.timing = timing
        self.logger = logger
        self.rejections = Counter(label: "resync_breaker_rejections_total", dimensions: [("breaker", name)])
    }

    /// Makes the call if the breaker lets it pass.
    ///
    /// Throws ``ResilienceError`` with `circuitOpen` otherwise, and whatever the call throws; `classify` tells what that
    /// means. An exit without result (cancellation) must be classified too.
    package func call<Result>(
        classify: (any Error) -> FailureClass,
        _ body: () async throws -> sending Result
    ) async throws -> sending Result {
        let permit = try self.admit()
        do {
            let result = try await body()
            self.complete(permit, .success)
            return result
        } catch {
            self.complete(permit, classify(error).breakerOutcome)
            throw error
        }
    }

    /// Like ``call(classify:_:)`` for a call that goes on long after its success is known, such as a stream.
    ///
    /// `body` calls its argument when the other side has answered well: what happens from then on counts for nothing.
    package func stream(
        classify: (any Error) -> FailureClass,
        _ body: (_ answered: () -> Void) async throws -> Void
    ) async throws {
        let permit = try self.admit()
        var isAnswered = false
        do {
            try await body {
                guard !isAnswered else { return }
                isAnswered = true
                self.complete(permit, .success)
            }
            if !isAnswered { self.complete(permit, .success) }
        } catch {
            if !isAnswered { self.complete(permit, classify(error).breakerOutcome) }
            throw error
        }
    }

    package func force(_ override: CircuitBreakerStateMachine.Override?) {
        let now = self.timing.now()
        self.state.withLock { $0.setOverride(override, now: now) }
        self.logger.notice(
            "Circuit breaker overridden",
            metadata: ["breaker.name": "\(self.name)", "breaker.override": "\(override.map { "\($0)" } ?? "none")"]
        )
    }

    package var snapshot: CircuitBreakerSnapshot {
        let now = self.timing.now()
        return self.state.withLock { state in
            let rates = state.rates(now: now)
            let label =
                switch (state.override, state.mode) {
                case (.forcedOpen, _): "forced-open"
                case (.disabled, _): "disabled"
                case (nil, .closed): "closed"
                case (nil, .open): "open"
                case (nil, .halfOpen): "half-open"
                }
            return CircuitBreakerSnapshot(
                state: label,
                failureRate: rates.failure,
                slowRate: rates.slow,
                calls: rates.calls,
                openFor: state.openedAt.map { $0.duration(to: now) }
            )
        }
    }

    private func admit() throws(ResilienceError) -> CircuitBreakerPermit {
        let now = self.timing.now()
        let random = self.timing.random()
        let (timedOut, admission) = self.state.withLock { state in
            (state.tick(now: now, random: random), state.admit(now: now, random: random))
        }
        if let timedOut { self.report(timedOut) }
        switch admission {
        case .admitted(let permit, let transition):
            if let transition { self.report(transition) }
            return permit
        case .rejected(let retryAfter):
            self.rejections.increment()
            throw ResilienceError(
                code: .circuitOpen,
                message: "circuit breaker \(self.name) is open, next try in \(Int(retryAfter / .milliseconds(1))) ms",
                retryAfter: retryAfter
            )
        }
    }

    private func complete(_ permit: CircuitBreakerPermit, _ outcome: CircuitBreakerOutcome) {
        let now = self.timing.now()
        let random = self.timing.random()
        let transition = self.state.withLock { $0.complete(permit, outcome, now: now, random: random) }
        if let transition { self.report(transition) }
    }

    private func report(_ transition: CircuitBreakerTransition) {
        Counter(
            label: "resync_breaker_transitions_total",
            dimensions: [("breaker", self.name), ("to", "\(transition.to)")]
        ).increment()
        self.logger.notice(
            "Circuit breaker changed state",
            metadata: [
                "breaker.name": "\(self.name)", "breaker.from": "\(transition.from)", "breaker.to": "\(transition.to)",
            ]
        )
    }
}

/// A breaker at one instant, for `/pools`, `/engines` and metrics.
package struct CircuitBreakerSnapshot: Sendable, Hashable {
    /// One of closed, open, half-open, forced-open, disabled.
    package let state: String
    package let failureRate: Double
    package let slowRate: Double
    package let calls: Int
    /// How long it has not been closed; nil when it is.
    package let openFor: Duration?
}

/// Why a call was not made.
package struct ResilienceError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case circuitOpen
        /// A ``ConcurrencyLimit`` has no place to wait.
        case tooManyWaiting
        /// A ``ConcurrencyLimit`` had no turn before the deadline.
        case timedOut
    }

    package let code: Code
    package let message: String
    package let retryAfter: Duration

    package var description: String { self.message }
}
