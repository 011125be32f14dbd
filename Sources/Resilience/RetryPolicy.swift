import Concurrency

/// Whether and when a failed call is made again.
package struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all, the first included.
    package var attempts = 3
    package var backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))
    /// Used instead when the other side says that it has too much to do.
    package var overloadBackoff = Backoff(base: .seconds(1), cap: .seconds(20))

    package init() {}

    package enum Decision: Sendable, Hashable {
        case retry(after: Duration)
        case giveUp
    }

    /// Decides after attempt number `attempt` (from 1) has failed; `remaining` is what the deadline leaves.
    ///
    /// The budget is asked last, so that nothing is paid for a retry that will not be made.
    package func decide(
        attempt: Int,
        failure: FailureClass,
        idempotent: Bool,
        remaining: Duration,
        random: Double,
        withdraw: (Double) -> Bool
    ) -> Decision {
        guard attempt < self.attempts, failure.mayBeRetried(idempotent: idempotent) else { return .giveUp }
        let delay =
            if case .overload(let retryAfter) = failure {
                self.overloadBackoff.delay(beforeAttempt: attempt + 1, random: random, advice: retryAfter)
            } else {
                self.backoff.delay(beforeAttempt: attempt + 1, random: random)
            }
        guard delay < remaining, withdraw(failure.retryCost) else { return .giveUp }
        return .retry(after: delay)
    }

    /// Makes the call, and again while policy, budget and deadline allow; throws the last attempt's error.
    package func run<Result>(
        idempotent: Bool,
        deadline: Deadline,
        budget: RetryBudget,
        timing: Timing = .system,
        classify: (any Error) -> FailureClass,
        _ body: (_ attempt: Int) async throws -> sending Result
    ) async throws -> sending Result {
        budget.recordFirstAttempt()
        var attempt = 1
        while true {
            do {
                let result = try await body(attempt)
                budget.recordResult(succeeded: true)
                return result
            } catch {
                let failure = classify(error)
                switch failure.breakerOutcome {
                case .success: budget.recordResult(succeeded: true)
                case .failure: budget.recordResult(succeeded: false)
                case .ignored: break
                }
                let decision = self.decide(
                    attempt: attempt,
                    failure: failure,
                    idempotent: idempotent,
                    remaining: timing.now().duration(to: deadline.instant),
                    random: timing.random(),
                    withdraw: budget.withdraw
                )
                guard case .retry(let delay) = decision else { throw error }
                try await timing.sleep(delay)
                attempt += 1
            }
        }
    }
}
