import Glibc

/// A point on the clock of a pool, in nanoseconds since some fixed moment.
///
/// A plain integer because it is read, stored and compared on every lease.
struct PoolInstant: Hashable, Comparable, Sendable {
    var nanoseconds: Int64

    static let distantPast = Self(nanoseconds: .min)
    static let distantFuture = Self(nanoseconds: .max)

    /// Saturates instead of overflowing.
    func advanced(by nanoseconds: Int64) -> Self {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? (nanoseconds < 0 ? .distantPast : .distantFuture) : Self(nanoseconds: sum)
    }

    func nanoseconds(since earlier: Self) -> Int64 {
        self.nanoseconds &- earlier.nanoseconds
    }

    static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Duration {
    /// Saturates at about 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}

/// The time of a pool: the real one, or one a test moves.
struct PoolClock: Sendable {
    private enum Source: Sendable {
        case system
        case moved(now: @Sendable () -> PoolInstant, sleep: @Sendable (_ until: PoolInstant) async throws -> Void)
    }

    private let source: Source

    static let system = Self(source: .system)

    private init(source: Source) {
        self.source = source
    }

    init(now: @escaping @Sendable () -> PoolInstant, sleep: @escaping @Sendable (PoolInstant) async throws -> Void) {
        self.source = .moved(now: now, sleep: sleep)
    }

    var now: PoolInstant {
        switch self.source {
        case .system: Self.read(CLOCK_MONOTONIC)
        case .moved(let now, _): now()
        }
    }

    /// Behind `now` by up to one tick of the kernel, 1 to 10 ms; read in a seventh of the time.
    var coarse: PoolInstant {
        switch self.source {
        case .system: Self.read(CLOCK_MONOTONIC_COARSE)
        case .moved(let now, _): now()
        }
    }

    /// Throws only when cancelled.
    func sleep(until instant: PoolInstant) async throws {
        switch self.source {
        case .system:
            let remaining = instant.nanoseconds(since: self.now)
            try await Task.sleep(until: .now.advanced(by: .nanoseconds(remaining)), clock: .continuous)
        case .moved(_, let sleep): try await sleep(instant)
        }
    }

    /// Not through `ContinuousClock`, whose arithmetic on 128 bits costs as much as the rest of a lease.
    private static func read(_ clock: clockid_t) -> PoolInstant {
        var time = timespec()
        clock_gettime(clock, &time)
        return PoolInstant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
