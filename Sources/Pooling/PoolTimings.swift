import Histogram

/// How long acquirers waited and leases lasted, over the last five to ten minutes.
///
/// Of the leases that begin within one tick only the first is measured: two exact readings of the clock cost more than
/// the rest of a lease, and 240 measurements a second say as much as a million. Of the others the longest is kept.
struct PoolTimings: Sendable {
    private static let window: Int64 = 300 * 1_000_000_000
    /// A tick is 2^22 ns, 4.2 ms, no less than the resolution of the coarse clock on the usual kernels.
    static let tickBits: Int64 = 22

    private var waits = RecentDurations()
    private var holds = RecentDurations()
    private var rotateAt = PoolInstant.distantPast

    /// Kept apart from the histogram: most leases wait for nothing, and a counter is cheaper.
    mutating func servedAtOnce() {
        self.waits.zeros += 1
    }

    mutating func waited(_ nanoseconds: Int64) {
        self.waits.record(nanoseconds)
    }

    mutating func held(_ nanoseconds: Int64) {
        self.holds.record(nanoseconds)
    }

    /// The length of a lease that was not measured, wrong by up to two ticks; recorded as what it lasted at least.
    mutating func heldAbout(_ nanoseconds: Int64) {
        self.holds.longest = max(self.holds.longest, nanoseconds - (2 << Self.tickBits))
    }

    mutating func rotate(now: PoolInstant) {
        guard self.rotateAt <= now else {
            return
        }
        if self.rotateAt != .distantPast {
            self.waits.rotate()
            self.holds.rotate()
        }
        self.rotateAt = now.advanced(by: Self.window)
    }

    var waitPercentiles: PoolSnapshot.Percentiles { self.waits.percentiles }
    var holdPercentiles: PoolSnapshot.Percentiles { self.holds.percentiles }
}

/// Durations of the present window and the one before.
private struct RecentDurations: Sendable {
    /// One hour; longer durations count as one hour.
    private static let limit: UInt64 = 3_600_000_000_000

    private var current = Self.empty
    private var previous = Self.empty
    var zeros: UInt64 = 0
    private var previousZeros: UInt64 = 0
    /// Kept for durations that are not in the histogram.
    var longest: Int64 = 0
    private var previousLongest: Int64 = 0

    private static var empty: Histogram<UInt32> {
        Histogram(
            lowestDiscernibleValue: 1_000,
            highestTrackableValue: Self.limit,
            numberOfSignificantValueDigits: .two
        )
    }

    mutating func record(_ nanoseconds: Int64) {
        // Always within the range, hence always recorded.
        _ = self.current.record(min(UInt64(max(0, nanoseconds)), Self.limit))
    }

    mutating func rotate() {
        swap(&self.current, &self.previous)
        self.current.reset()
        self.previousZeros = self.zeros
        self.zeros = 0
        self.previousLongest = self.longest
        self.longest = 0
    }

    var percentiles: PoolSnapshot.Percentiles {
        var all = self.current
        all.add(self.previous)
        let zeros = self.zeros + self.previousZeros
        let total = zeros + all.totalCount
        guard total > 0 else {
            return .init()
        }
        func seconds(_ percentile: Double) -> Double {
            let rank = Double(total) * percentile / 100
            guard rank > Double(zeros) else {
                return 0
            }
            let among = (rank - Double(zeros)) / Double(all.totalCount) * 100
            return Double(all.valueAtPercentile(among)) / 1e9
        }
        return .init(
            p50: seconds(50),
            p95: seconds(95),
            p99: seconds(99),
            max: max(all.totalCount > 0 ? Double(all.max) : 0, Double(max(self.longest, self.previousLongest))) / 1e9
        )
    }
}
