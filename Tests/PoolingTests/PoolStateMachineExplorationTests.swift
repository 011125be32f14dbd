import Testing

@testable import Pooling

@Suite("Pool state machine, explored", .timeLimit(.minutes(3)))
struct PoolStateMachineExplorationTests {
    /// Two connections, time in single steps: attempts to connect may take two, acquirers wait as long.
    private var limits: PoolLimits {
        var settings = PoolSettings(minSize: 0, maxSize: 2)
        settings.connectTimeout = .nanoseconds(2)
        settings.connectBackoffBase = .nanoseconds(1)
        settings.connectBackoffLimit = .nanoseconds(1)
        settings.outageGrace = .nanoseconds(2)
        settings.maxWaiters = 2
        settings.idleTimeout = .zero
        settings.maxLifetime = .zero
        settings.leakDetectionThreshold = .zero
        settings.closeTimeout = .zero
        settings.maxConcurrentConnects = 2
        return PoolLimits(settings, canCheck: false, mustReset: false)
    }

    @Test func `two connections and three tasks keep every promise in every reachable state`() throws {
        let start = PoolModel(limits: limits, borrowers: 3, acquireTimeout: 2)
        var seen: Set<[Int]> = [start.fingerprint]
        var frontier = [start]
        var transitions = 0
        var served = 0

        while let model = frontier.popLast() {
            for event in model.possibleEvents(operators: false) {
                var next = model
                do {
                    try next.perform(event, random: 1)
                } catch {
                    Issue.record("after \(event) from \(model.machine.phase) \(model.borrowers): \(error)")
                    return
                }
                transitions += 1
                served += next.served - model.served
                if seen.insert(next.fingerprint).inserted {
                    frontier.append(next)
                }
            }
        }

        print("\(seen.count) states, \(transitions) transitions, \(served) of them serve a waiter")
        #expect(seen.count > 1000)
        #expect(served > 1000)
    }

    @Test(arguments: 0..<40)
    func `random events of all kinds keep every promise and leave nobody waiting`(seed: Int) throws {
        var random = SplitMix(state: UInt64(seed))
        var settings = PoolSettings(
            minSize: Int.random(in: 0...2, using: &random),
            maxSize: Int.random(in: 2...5, using: &random)
        )
        settings.connectTimeout = .nanoseconds(20)
        settings.connectBackoffBase = .nanoseconds(2)
        settings.connectBackoffLimit = .nanoseconds(16)
        settings.outageGrace = .nanoseconds(30)
        settings.maxWaiters = 6
        settings.idleTimeout = .nanoseconds(60)
        settings.maxLifetime = .nanoseconds(200)
        settings.leakDetectionThreshold = .nanoseconds(50)
        settings.healthCheckInterval = .nanoseconds(30)
        settings.keepaliveInterval = .nanoseconds(40)
        settings.checkTimeout = .nanoseconds(5)
        settings.closeTimeout = .nanoseconds(10)
        let limits = PoolLimits(settings, canCheck: seed % 2 == 0, mustReset: seed % 3 == 0)
        var model = PoolModel(limits: limits, borrowers: 9, acquireTimeout: 50)
        var history: [PoolModel.Event] = []

        do {
            for _ in 0..<1500 {
                let withOperators = Int.random(in: 0..<20, using: &random) == 0
                let events = model.possibleEvents(operators: withOperators).filter { $0 != .stop }
                guard let event = events.randomElement(using: &random) else {
                    break
                }
                history.append(event)
                try model.perform(event, random: Double.random(in: 0..<1, using: &random))
            }
            try model.settle()
            try model.perform(.stop, random: 0)
            try model.settle()
            for _ in 0..<50 where model.machine.phase != .closed {
                try model.perform(.nextDeadline, random: 0)
                try model.settle()
            }
        } catch {
            Issue.record("\(error) after \(history.suffix(12))")
        }

        #expect(model.served > 0)
        #expect(model.machine.phase == .closed)
        #expect(model.open.isEmpty)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
