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
    var now: @Sendable () -> PoolInstant
    /// Throws only when cancelled.
    var sleep: @Sendable (_ until: PoolInstant) async throws -> Void

    static let continuous = Self(
        now: { Self.readContinuous() },
        sleep: { instant in
            let remaining = instant.nanoseconds(since: Self.readContinuous())
            try await Task.sleep(until: .now.advanced(by: .nanoseconds(remaining)), clock: .continuous)
        }
    )

    /// What `ContinuousClock` reads, without its arithmetic on 128 bits, which costs as much as the rest of a lease.
    private static func readContinuous() -> PoolInstant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return PoolInstant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
