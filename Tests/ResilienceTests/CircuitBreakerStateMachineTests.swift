import TestSupport
import Testing

@testable import Resilience

/// The state machine behind a reference: an expectation cannot contain a mutating call.
@dynamicMemberLookup
private final class Subject {
    private var value: CircuitBreakerStateMachine

    init(_ value: CircuitBreakerStateMachine) {
        self.value = value
    }

    subscript<Value>(dynamicMember path: KeyPath<CircuitBreakerStateMachine, Value>) -> Value {
        self.value[keyPath: path]
    }

    func admit(now: ContinuousClock.Instant, random: Double) -> CircuitBreakerStateMachine.Admission {
        self.value.admit(now: now, random: random)
    }

    func complete(
        _ permit: CircuitBreakerPermit,
        _ outcome: CircuitBreakerOutcome,
        now: ContinuousClock.Instant,
        random: Double
    ) -> CircuitBreakerTransition? {
        self.value.complete(permit, outcome, now: now, random: random)
    }

    func tick(now: ContinuousClock.Instant, random: Double) -> CircuitBreakerTransition? {
        self.value.tick(now: now, random: random)
    }

    func setOverride(_ override: CircuitBreakerStateMachine.Override?, now: ContinuousClock.Instant) {
        self.value.setOverride(override, now: now)
    }

    func rates(now: ContinuousClock.Instant) -> (failure: Double, slow: Double, calls: Int) {
        self.value.rates(now: now)
    }
}

@Suite struct `Circuit breaker decisions` {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant {
        self.start.advanced(by: .seconds(seconds))
    }

    private func machine(_ change: (inout CircuitBreakerSettings) -> Void = { _ in }) -> Subject {
        var settings = CircuitBreakerSettings()
        change(&settings)
        return Subject(CircuitBreakerStateMachine(settings: settings, now: self.start))
    }

    /// Makes one call that ends at `now + duration`; false when it was refused.
    private func call(
        _ machine: Subject,
        at seconds: Double,
        _ outcome: CircuitBreakerOutcome,
        lasting duration: Double = 0.01,
        random: Double = 0.5
    ) -> Bool {
        guard case .admitted(let permit, _) = machine.admit(now: self.at(seconds), random: random) else { return false }
        _ = machine.complete(permit, outcome, now: self.at(seconds + duration), random: random)
        return true
    }

    private let failure = CircuitBreakerOutcome.failure(retryAfter: nil)

    @Test func `half of twenty failing opens it and nineteen do not`() {
        let machine = self.machine()
        for index in 0..<19 { _ = self.call(machine, at: 0, index.isMultiple(of: 2) ? self.failure : .success) }
        #expect(machine.mode == .closed)
        _ = self.call(machine, at: 0, self.failure)
        #expect(machine.mode == .open)
    }

    @Test func `failures older than the window do not count`() {
        let machine = self.machine { $0.consecutiveFailures = 100 }
        for _ in 0..<19 { _ = self.call(machine, at: 0, self.failure) }
        _ = self.call(machine, at: 11, self.failure)
        #expect(machine.mode == .closed)
        #expect(machine.rates(now: self.at(11)).calls == 1)
    }

    @Test func `five failures in a row open it without a rate`() {
        let machine = self.machine()
        for _ in 0..<4 { _ = self.call(machine, at: 0, self.failure) }
        _ = self.call(machine, at: 0, .success)
        for _ in 0..<4 { _ = self.call(machine, at: 0, self.failure) }
        #expect(machine.mode == .closed)
        _ = self.call(machine, at: 0, self.failure)
        #expect(machine.mode == .open)
    }

    @Test func `slow calls open it although they succeed`() {
        let machine = self.machine { $0.slowCall = .seconds(1) }
        for _ in 0..<4 { _ = self.call(machine, at: 0, .success) }
        for _ in 0..<16 { _ = self.call(machine, at: 0, .success, lasting: 1.5) }
        #expect(machine.mode == .open)
    }

    @Test func `ignored results count for nothing`() {
        let machine = self.machine()
        for _ in 0..<100 { _ = self.call(machine, at: 0, .ignored) }
        #expect(machine.rates(now: self.at(0)).calls == 0)
        #expect(machine.mode == .closed)
    }

    @Test(arguments: [(0.0, 0.5), (1.0, 1.0)])
    func `time open doubles with each opening between half and all of it`(random: Double, share: Double) {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure, lasting: 0, random: random) }
        var now = 0.0
        for open in [1.0, 2, 4, 8, 16, 30, 30] {
            #expect(!self.call(machine, at: now + open * share - 0.001, .success, random: random))
            now += open * share
            // The probe fails: open again, for twice as long.
            #expect(self.call(machine, at: now, self.failure, lasting: 0, random: random))
            #expect(machine.mode == .open)
        }
    }

    @Test func `the other side's advice prolongs it, up to a minute`() {
        for (advice, expected) in [(20, 20.0), (600, 60)] {
            let machine = self.machine()
            for _ in 0..<5 { _ = self.call(machine, at: 0, .failure(retryAfter: .seconds(advice)), lasting: 0) }
            #expect(!self.call(machine, at: expected - 0.01, .success))
            #expect(self.call(machine, at: expected, .success))
        }
    }

    @Test func `half-open lets twice as many probes pass with each success and closes after five`() {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        func admitted(_ count: Int) -> [CircuitBreakerPermit] {
            (0..<count).compactMap { _ in
                if case .admitted(let permit, _) = machine.admit(now: self.at(2), random: 0) { permit } else { nil }
            }
        }
        var transitions: [CircuitBreakerTransition] = []
        for expected in [1, 2, 8] {
            let permits = admitted(10)
            #expect(permits.count == expected)
            for permit in permits {
                if let transition = machine.complete(permit, .success, now: self.at(2), random: 0) {
                    transitions.append(transition)
                }
                if machine.mode == .closed { break }
            }
        }
        #expect(transitions == [CircuitBreakerTransition(from: .halfOpen, to: .closed)])
    }

    @Test func `an ignored probe gives its place to the next`() {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        for _ in 0..<10 { #expect(self.call(machine, at: 2, .ignored)) }
        #expect(machine.mode == .halfOpen)
    }

    @Test func `a probe without an answer fails at its deadline`() {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        guard case .admitted(let probe, let transition) = machine.admit(now: self.at(2), random: 0) else {
            Issue.record("the probe was refused")
            return
        }
        #expect(transition?.to == .halfOpen)
        #expect(machine.tick(now: self.at(31), random: 0) == nil)
        #expect(machine.tick(now: self.at(32), random: 0)?.to == .open)
        #expect(machine.complete(probe, .success, now: self.at(33), random: 0) == nil)
        #expect(machine.mode == .open)
    }

    @Test func `a result of an older generation changes nothing`() {
        let machine = self.machine()
        guard case .admitted(let old, _) = machine.admit(now: self.start, random: 0) else { return }
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        for _ in 0..<5 { _ = self.call(machine, at: 3, .success) }
        #expect(machine.mode == .closed)
        _ = machine.complete(old, self.failure, now: self.at(3), random: 0)
        #expect(machine.rates(now: self.at(3)).calls == 0)
    }

    @Test func `after closing, calls are refused in proportion to those that fail`() {
        let machine = self.machine { $0.consecutiveFailures = 5 }
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        for _ in 0..<5 { _ = self.call(machine, at: 3, .success) }
        for _ in 0..<4 { #expect(self.call(machine, at: 3.1, self.failure, random: 0.99)) }
        #expect(!self.call(machine, at: 3.1, .success, random: 0.5))
        #expect(self.call(machine, at: 13.2, .success, random: 0))
    }

    @Test func `after closing, a single caller who succeeds is never refused`() {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        var second = 60.0
        while machine.mode != .closed, second < 120 {
            _ = self.call(machine, at: second, .success)
            second += 1
        }
        #expect(machine.mode == .closed)
        for index in 0..<9 { #expect(self.call(machine, at: second + Double(index), .success, random: 0)) }
    }

    @Test func `calls under way after closing do not count against others`() {
        let machine = self.machine()
        for _ in 0..<5 { _ = self.call(machine, at: 0, self.failure) }
        for _ in 0..<5 { _ = self.call(machine, at: 3, .success) }
        for _ in 0..<20 {
            guard case .admitted = machine.admit(now: self.at(3.1), random: 0) else {
                Issue.record("refused although nothing has failed")
                return
            }
        }
    }

    @Test func `an operator's decision holds until it is taken back`() {
        let machine = self.machine()
        machine.setOverride(.forcedOpen, now: self.start)
        #expect(!self.call(machine, at: 100, .success))
        machine.setOverride(.disabled, now: self.start)
        for _ in 0..<50 { #expect(self.call(machine, at: 100, self.failure)) }
        machine.setOverride(nil, now: self.at(100))
        #expect(machine.mode == .closed)
    }

    @Test(arguments: 0..<200)
    func `any sequence of events keeps the invariants and healing closes it`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let machine = self.machine()
        var now = 0.0
        var inFlight: [CircuitBreakerPermit] = []
        var probes: Set<CircuitBreakerPermit> = []
        for _ in 0..<2000 {
            now += Double.random(in: 0...0.2, using: &generator)
            let before = machine.mode
            let random = Double.random(in: 0..<1, using: &generator)
            var transition: CircuitBreakerTransition?
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                switch machine.admit(now: self.at(now), random: random) {
                case .admitted(let permit, let change):
                    transition = change
                    if change != nil { probes = [] }
                    #expect(machine.mode != .open)
                    #expect(permit.isProbe == (machine.mode == .halfOpen))
                    inFlight.append(permit)
                    if permit.isProbe { probes.insert(permit) }
                case .rejected(let retryAfter):
                    #expect(retryAfter > .zero)
                }
            case 5..<9 where !inFlight.isEmpty:
                let permit = inFlight.remove(at: Int.random(in: 0..<inFlight.count, using: &generator))
                let outcomes = [.success, self.failure, self.failure, .ignored]
                let outcome = outcomes[Int.random(in: 0..<4, using: &generator)]
                let stale = permit.generation != machine.generation
                transition = machine.complete(permit, outcome, now: self.at(now), random: random)
                probes.remove(permit)
                if stale { #expect(transition == nil) }
            default:
                transition = machine.tick(now: self.at(now), random: random)
            }
            #expect((transition != nil) == (machine.mode != before))
            if let transition { #expect(transition.from == before && transition.to == machine.mode) }
            if machine.mode != .halfOpen { probes = [] }
            #expect(probes.count <= 1024)
        }
        // Healed for good: with a call each second it closes after the longest time open and five successes.
        var calls = 0
        while machine.mode != .closed, calls < 100 {
            now += 1
            _ = machine.tick(now: self.at(now), random: 0)
            _ = self.call(machine, at: now, .success)
            calls += 1
        }
        #expect(machine.mode == .closed)
    }
}
