/// Decides whether a login may be tried: some failures are free, then every further one doubles the wait.
///
/// Failures count in three places. From one address against one account: few are free and the wait grows long, which
/// stops guessing. From one address against any account: for lists of stolen passwords. Against one account from
/// anywhere: many are free and the wait stays short, so that strangers can slow an account down but not lock it out.
/// An attempt counts as failed until it has succeeded, so that parallel ones cannot slip through.
struct LoginThrottleStateMachine {
    private var counters: [Scope: RecentEntries<Key, Counter>] = [:]

    /// What failures are counted for.
    enum Scope: CaseIterable {
        case pair
        case address
        case account

        var limits: Limits {
            switch self {
            case .pair: Limits(free: 5, firstWait: .seconds(1), longestWait: .seconds(15 * 60))
            case .address: Limits(free: 20, firstWait: .seconds(1), longestWait: .seconds(15 * 60))
            case .account: Limits(free: 50, firstWait: .seconds(1), longestWait: .seconds(30))
            }
        }
    }

    /// How patience with failures grows thin.
    struct Limits {
        let free: Int
        let firstWait: Duration
        let longestWait: Duration

        func wait(afterFailures failures: Int) -> Duration? {
            guard failures >= self.free else { return nil }
            // 2^20 seconds are beyond every longest wait; the bound keeps the shift in range.
            return min(self.firstWait * (1 << min(failures - self.free, 20)), self.longestWait)
        }
    }

    /// The account and the address of one attempt.
    struct Attempt: Hashable {
        let account: String
        let address: String
    }

    private struct Key: Hashable {
        let account: String?
        let address: String?
    }

    private struct Counter {
        var failures = 0
        var lockedUntil: ContinuousClock.Instant?
        var lastFailure: ContinuousClock.Instant
    }

    /// A quiet hour forgives everything.
    private static let memory: Duration = .seconds(3600)

    init(maximumEntries: Int) {
        for scope in Scope.allCases { self.counters[scope] = RecentEntries(capacity: maximumEntries) }
    }

    /// Whether an attempt may go on.
    enum BeginAction: Equatable {
        case allow
        case refuse(retryAfter: Duration)
    }

    mutating func attemptBegan(_ attempt: Attempt, now: ContinuousClock.Instant) -> BeginAction {
        var longest: Duration?
        for scope in Scope.allCases {
            guard let lockedUntil = self.counter(scope, attempt)?.lockedUntil, lockedUntil > now else { continue }
            longest = max(longest ?? .zero, now.duration(to: lockedUntil))
        }
        if let longest { return .refuse(retryAfter: longest) }
        for scope in Scope.allCases { self.count(scope, attempt, now: now) }
        return .allow
    }

    /// Forgets the failures of this account from this address, and takes the attempt itself back elsewhere: a known
    /// password must not wash an address clean.
    mutating func attemptSucceeded(_ attempt: Attempt) {
        self.counters[.pair]?.removeValue(forKey: Self.key(.pair, attempt))
        self.takeBack(.address, attempt)
        self.takeBack(.account, attempt)
    }

    /// Takes an attempt back that was neither right nor wrong, for example because the database was away.
    mutating func attemptAbandoned(_ attempt: Attempt) {
        for scope in Scope.allCases { self.takeBack(scope, attempt) }
    }

    private mutating func count(_ scope: Scope, _ attempt: Attempt, now: ContinuousClock.Instant) {
        var counter = self.counter(scope, attempt) ?? Counter(lastFailure: now)
        if counter.lastFailure.duration(to: now) > Self.memory { counter.failures = 0 }
        counter.failures += 1
        counter.lastFailure = now
        counter.lockedUntil = scope.limits.wait(afterFailures: counter.failures).map { now.advanced(by: $0) }
        self.counters[scope]?.insert(counter, forKey: Self.key(scope, attempt))
    }

    private mutating func takeBack(_ scope: Scope, _ attempt: Attempt) {
        guard var counter = self.counter(scope, attempt) else { return }
        counter.failures -= 1
        if scope.limits.wait(afterFailures: counter.failures) == nil { counter.lockedUntil = nil }
        let key = Self.key(scope, attempt)
        if counter.failures > 0 {
            self.counters[scope]?.insert(counter, forKey: key)
        } else {
            self.counters[scope]?.removeValue(forKey: key)
        }
    }

    private mutating func counter(_ scope: Scope, _ attempt: Attempt) -> Counter? {
        self.counters[scope]?.value(forKey: Self.key(scope, attempt))
    }

    private static func key(_ scope: Scope, _ attempt: Attempt) -> Key {
        switch scope {
        case .pair: Key(account: attempt.account, address: attempt.address)
        case .address: Key(account: nil, address: attempt.address)
        case .account: Key(account: attempt.account, address: nil)
        }
    }
}
