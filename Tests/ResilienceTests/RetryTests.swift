import Concurrency
import TestSupport
import Testing

@testable import Resilience

@Suite struct `Retries` {
    @Test(arguments: [(2, 0.05), (3, 0.1), (4, 0.2), (8, 3.2), (9, 5), (100, 5), (1, 0.05)])
    func `the delay lies anywhere below the doubled base and the cap`(attempt: Int, most: Double) {
        let backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))
        #expect(backoff.delay(beforeAttempt: attempt, random: 0) == .zero)
        #expect(abs(backoff.delay(beforeAttempt: attempt, random: 1) / .seconds(1) - most) < 1e-9)
        #expect(abs(backoff.delay(beforeAttempt: attempt, random: 0.5) / .seconds(1) - most / 2) < 1e-9)
    }

    @Test func `advice is a lower bound with up to a tenth on top`() {
        let backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))
        #expect(backoff.delay(beforeAttempt: 2, random: 0, advice: .seconds(30)) == .seconds(30))
        #expect(abs(backoff.delay(beforeAttempt: 2, random: 1, advice: .seconds(30)) / .seconds(1) - 33) < 1e-9)
    }

    @Test(arguments: [
        (FailureClass.notSent, false, true), (.notSent, true, true), (.conflict, false, true),
        (.unknown, true, true), (.unknown, false, false), (.overload(retryAfter: nil), true, true),
        (.overload(retryAfter: nil), false, false), (.permanent, true, false), (.cancelled, true, false),
        (.local, true, false),
    ])
    func `only what can help and do no harm is repeated`(failure: FailureClass, idempotent: Bool, repeated: Bool) {
        let decision = RetryPolicy().decide(
            attempt: 1,
            failure: failure,
            idempotent: idempotent,
            remaining: .seconds(60),
            random: 0.5
        ) { _ in true }
        #expect((decision != .giveUp) == repeated)
    }

    @Test func `nothing is paid for a retry that the deadline or the attempts forbid`() {
        var paid = 0.0
        let pay: (Double) -> Bool = {
            paid += $0
            return true
        }
        let policy = RetryPolicy()
        let late = policy.decide(
            attempt: 1,
            failure: .notSent,
            idempotent: true,
            remaining: .milliseconds(1),
            random: 0.9,
            withdraw: pay
        )
        let last = policy.decide(
            attempt: 3,
            failure: .notSent,
            idempotent: true,
            remaining: .seconds(9),
            random: 0,
            withdraw: pay
        )
        #expect(late == .giveUp)
        #expect(last == .giveUp)
        #expect(paid == 0)
        _ = policy.decide(
            attempt: 1,
            failure: .unknown,
            idempotent: true,
            remaining: .seconds(9),
            random: 0,
            withdraw: pay
        )
        #expect(paid == 2)
    }

    @Test(arguments: 0..<50)
    func `in any ten seconds retries stay below the reserve and a tenth of the first attempts they may rest on`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let start = ContinuousClock.now
        var budget = RetryBudgetStateMachine(settings: .init(), now: start)
        var events: [(second: Int, first: Int, retries: Double)] = []
        for second in 0..<120 {
            let now = start.advanced(by: .seconds(second))
            var first = 0
            var retries = 0.0
            for _ in 0..<Int.random(in: 0...300, using: &generator) {
                budget.recordFirstAttempt(now: now)
                first += 1
                let cost = Bool.random(using: &generator) ? 1.0 : 2.0
                if Bool.random(using: &generator), budget.withdraw(cost, now: now) { retries += cost }
            }
            events.append((second, first, retries))
            // The first retry of these ten seconds may rest on deposits of the nine before.
            let deposited = 0.1 * Double(events.suffix(19).reduce(0) { $0 + $1.first })
            let withdrawn = events.suffix(10).reduce(0) { $0 + $1.retries }
            #expect(withdrawn <= min(100, 10 + deposited) + 1e-9)
        }
    }

    @Test func `low traffic may retry once a second and no more`() {
        let start = ContinuousClock.now
        var budget = RetryBudgetStateMachine(settings: .init(), now: start)
        let granted = (0..<1000).count { _ in budget.withdraw(1, now: start) }
        #expect(granted == 10)
        self.expect(&budget, grants: true, now: start.advanced(by: .seconds(10)))
    }

    @Test func `nothing is granted while most calls fail`() {
        let start = ContinuousClock.now
        var budget = RetryBudgetStateMachine(settings: .init(), now: start)
        for index in 0..<20 { budget.recordResult(succeeded: index < 9, now: start) }
        self.expect(&budget, grants: false, now: start)
        for _ in 0..<2 { budget.recordResult(succeeded: true, now: start) }
        self.expect(&budget, grants: true, now: start)
        for _ in 0..<30 { budget.recordResult(succeeded: false, now: start) }
        self.expect(&budget, grants: false, now: start)
        self.expect(&budget, grants: true, now: start.advanced(by: .seconds(11)))
    }

    private func expect(_ budget: inout RetryBudgetStateMachine, grants: Bool, now: ContinuousClock.Instant) {
        let granted = budget.withdraw(1, now: now)
        #expect(granted == grants)
    }
}
