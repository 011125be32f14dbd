import Testing

@testable import Authentication

@Suite("Login throttle state machine")
struct LoginThrottleStateMachineTests {
    private typealias Attempt = LoginThrottleStateMachine.Attempt

    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant { self.start.advanced(by: .seconds(seconds)) }

    @Test func `the sixth attempt in a row waits, and every failure doubles the wait`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")
        var now = self.start
        for _ in 0..<5 { #expect(throttle.attemptBegan(attempt, now: now) == .allow) }

        var waits: [Duration] = []
        for _ in 0..<12 {
            guard case .refuse(let wait) = throttle.attemptBegan(attempt, now: now) else { break }
            waits.append(wait)
            now = now.advanced(by: wait)
            #expect(throttle.attemptBegan(attempt, now: now) == .allow)
        }

        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map { .seconds($0) })
    }

    @Test func `ten thousand tries within an hour reach at most a hundred verifications`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")

        let allowed = (0..<10_000).count { index in
            throttle.attemptBegan(attempt, now: self.after(Double(index) * 0.36)) == .allow
        }

        #expect(allowed <= 20)
    }

    @Test func `strangers from many addresses slow an account down but do not lock it out`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100_000)
        for index in 0..<10_000 {
            let stranger = Attempt(account: "anna", address: "10.1.\(index / 256).\(index % 256)")
            _ = throttle.attemptBegan(stranger, now: self.after(Double(index) * 0.01))
        }

        let owner = Attempt(account: "anna", address: "192.0.2.7")

        #expect(throttle.attemptBegan(owner, now: self.after(100 + 30)) == .allow)
    }

    @Test func `an address that tries many accounts is stopped`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 1000)

        let allowed = (0..<100).count { index in
            throttle.attemptBegan(Attempt(account: "user\(index)", address: "10.0.0.1"), now: self.start) == .allow
        }

        #expect(allowed == 20)
    }

    @Test func `success with one account does not wash the address clean`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 1000)
        let own = Attempt(account: "mallory", address: "10.0.0.1")

        let guesses = (0..<100).count { index in
            if throttle.attemptBegan(own, now: self.start) == .allow { throttle.attemptSucceeded(own) }
            let guess = Attempt(account: "user\(index)", address: "10.0.0.1")
            return throttle.attemptBegan(guess, now: self.start) == .allow
        }

        #expect(guesses == 20)
    }

    @Test func `success forgets the failures before it`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")
        for round in 0..<3 {
            for _ in 0..<4 { #expect(throttle.attemptBegan(attempt, now: self.after(Double(round))) == .allow) }
            #expect(throttle.attemptBegan(attempt, now: self.after(Double(round))) == .allow)
            throttle.attemptSucceeded(attempt)
        }
    }

    @Test func `an abandoned attempt counts for nothing`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")

        for _ in 0..<100 {
            #expect(throttle.attemptBegan(attempt, now: self.start) == .allow)
            throttle.attemptAbandoned(attempt)
        }
    }

    @Test func `parallel attempts count before they have failed`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")

        let allowed = (0..<50).count { _ in throttle.attemptBegan(attempt, now: self.start) == .allow }

        #expect(allowed == 5)
    }

    @Test func `an hour without failure forgives`() {
        var throttle = LoginThrottleStateMachine(maximumEntries: 100)
        let attempt = Attempt(account: "anna", address: "10.0.0.1")
        for _ in 0..<5 { _ = throttle.attemptBegan(attempt, now: self.start) }

        for _ in 0..<5 { #expect(throttle.attemptBegan(attempt, now: self.after(3602)) == .allow) }
    }
}

@Suite("Recent entries")
struct RecentEntriesTests {
    @Test func `the size stays bounded and what is used stays`() {
        var entries = RecentEntries<Int, Int>(capacity: 100)
        entries.insert(-1, forKey: -1)

        for key in 0..<10_000 {
            entries.insert(key, forKey: key)
            #expect(entries.count <= 100)
            if key % 20 == 0 { #expect(entries.value(forKey: -1) == -1) }
        }

        #expect(entries.value(forKey: 0) == nil)
        #expect(entries.value(forKey: 9_999) == 9_999)
    }

    @Test func `a removed entry is gone from both halves`() {
        var entries = RecentEntries<Int, Int>(capacity: 4)
        for key in 0..<3 { entries.insert(key, forKey: key) }

        for key in 0..<3 { entries.removeValue(forKey: key) }

        #expect(entries.count == 0)
    }
}

@Suite("Login throttle")
struct LoginThrottleTests {
    @Test(
        arguments: [
            ("10.1.2.3", "10.1.2.3"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("::1", "0:0:0:0::/64"),
            ("not an address", "not an address"),
            ("", ""),
        ]
    )
    func `addresses of one host count together`(address: String, network: String) {
        #expect(LoginThrottle.network(of: address) == network)
    }
}
