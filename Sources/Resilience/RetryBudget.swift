import Concurrency

/// Bounds retries to a share of first attempts, so that they cannot multiply the load on a dependency that fails.
///
/// A bucket of tokens as in Finagle: a first attempt deposits a fraction, a retry withdraws, deposits are forgotten after
/// ten seconds. A reserve lets low traffic retry. While less than half of the calls succeed, nothing is granted.
package final class RetryBudget: Sendable {
    private let state: Locked<RetryBudgetStateMachine>
    private let timing: Timing

    package init(settings: RetryBudgetSettings = .init(), timing: Timing = .system) {
        self.state = Locked(RetryBudgetStateMachine(settings: settings, now: timing.now()))
        self.timing = timing
    }

    package func recordFirstAttempt() {
        let now = self.timing.now()
        self.state.withLock { $0.recordFirstAttempt(now: now) }
    }

    package func recordResult(succeeded: Bool) {
        let now = self.timing.now()
        self.state.withLock { $0.recordResult(succeeded: succeeded, now: now) }
    }

    /// Whether a retry of this cost may be made; if so it is paid for.
    package func withdraw(_ cost: Double) -> Bool {
        let now = self.timing.now()
        return self.state.withLock { $0.withdraw(cost, now: now) }
    }
}

/// How many retries a budget grants.
package struct RetryBudgetSettings: Sendable, Hashable {
    /// Retries per first attempt.
    package var ratio = 0.1
    /// Retries per second that are granted without any traffic.
    package var floor = 1.0
    package var capacity = 100.0
    /// Fewer results than this in ten seconds say nothing about how many succeed.
    package var minimumResults = 10

    package init() {}
}

/// The arithmetic of ``RetryBudget``.
struct RetryBudgetStateMachine: Sendable {
    private struct Second: Sendable {
        var deposited = 0.0
        var withdrawn = 0.0
        var succeeded = 0
        var failed = 0
    }

    private static let seconds = 10
    private let settings: RetryBudgetSettings
    private var window: SlidingWindow<Second>

    init(settings: RetryBudgetSettings, now: ContinuousClock.Instant) {
        self.settings = settings
        self.window = SlidingWindow(empty: Second(), count: Self.seconds, width: .seconds(1), now: now)
    }

    mutating func recordFirstAttempt(now: ContinuousClock.Instant) {
        self.window.advance(to: now)
        let deposit = self.settings.ratio
        self.window.update { $0.deposited += deposit }
    }

    mutating func recordResult(succeeded: Bool, now: ContinuousClock.Instant) {
        self.window.advance(to: now)
        self.window.update { second in
            if succeeded { second.succeeded += 1 } else { second.failed += 1 }
        }
    }

    mutating func withdraw(_ cost: Double, now: ContinuousClock.Instant) -> Bool {
        self.window.advance(to: now)
        guard self.balance >= cost, !self.isMostlyFailing else { return false }
        self.window.update { $0.withdrawn += cost }
        return true
    }

    private var balance: Double {
        let granted = self.window.sum(\.deposited) + self.settings.floor * Double(Self.seconds)
        return min(self.settings.capacity, granted) - self.window.sum(\.withdrawn)
    }

    private var isMostlyFailing: Bool {
        let succeeded = self.window.sum(\.succeeded)
        let failed = self.window.sum(\.failed)
        return succeeded + failed >= self.settings.minimumResults && succeeded < failed
    }
}
