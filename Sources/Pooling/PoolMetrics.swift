import Concurrency
import Metrics

/// The figures of a pool as metrics.
///
/// Published from snapshots, at every round of housekeeping and when asked, because counting each lease through the
/// metrics system would cost more than the lease.
final class PoolMetrics: Sendable {
    private let gauges: [String: Gauge]
    private let quantiles: [String: Gauge]
    private let counters: [String: Counter]
    /// The totals counted so far; also keeps two publishers from counting the same twice.
    private let published = Locked(PoolSnapshot.Totals())

    init(pool: String, kind: String) {
        let dimensions = [("pool", pool), ("kind", kind)]
        self.gauges = Dictionary(
            uniqueKeysWithValues: ["active", "idle", "connecting", "waiting", "excess", "min_size", "max_size"].map {
                ($0, Gauge(label: "resync_pool_\($0)", dimensions: dimensions))
            }
        )
        var quantiles: [String: Gauge] = [:]
        for timing in ["wait", "hold"] {
            for quantile in ["0.5", "0.95", "0.99", "1"] {
                quantiles["\(timing) \(quantile)"] = Gauge(
                    label: "resync_pool_\(timing)_seconds",
                    dimensions: dimensions + [("quantile", quantile)]
                )
            }
        }
        self.quantiles = quantiles
        self.counters = Dictionary(
            uniqueKeysWithValues: Self.totals.map { name, _ in
                (name, Counter(label: "resync_pool_\(name)_total", dimensions: dimensions))
            }
        )
    }

    private static var totals: [(name: String, value: KeyPath<PoolSnapshot.Totals, UInt64>)] {
        [
            ("acquired", \.acquired), ("created", \.created), ("closed", \.closed), ("timeouts", \.timeouts),
            ("exhausted", \.exhausted), ("connect_errors", \.connectErrors),
            ("validation_failures", \.validationFailures), ("leaked", \.leaked), ("reclaimed", \.reclaimed),
        ]
    }

    func publish(_ snapshot: PoolSnapshot) {
        self.gauges["active"]?.record(snapshot.active)
        self.gauges["idle"]?.record(snapshot.idle)
        self.gauges["connecting"]?.record(snapshot.connecting)
        self.gauges["waiting"]?.record(snapshot.waiting)
        self.gauges["excess"]?.record(snapshot.excess)
        self.gauges["min_size"]?.record(snapshot.minSize)
        self.gauges["max_size"]?.record(snapshot.maxSize)
        for (timing, percentiles) in [("wait", snapshot.waitSeconds), ("hold", snapshot.holdSeconds)] {
            self.quantiles["\(timing) 0.5"]?.record(percentiles.p50)
            self.quantiles["\(timing) 0.95"]?.record(percentiles.p95)
            self.quantiles["\(timing) 0.99"]?.record(percentiles.p99)
            self.quantiles["\(timing) 1"]?.record(percentiles.max)
        }
        self.count(snapshot.totals)
    }

    private func count(_ totals: PoolSnapshot.Totals) {
        let before = self.published.withLock { published in
            let before = published
            for (_, value) in Self.totals where totals[keyPath: value] < before[keyPath: value] {
                // A snapshot older than the last one published.
                return before
            }
            published = totals
            return before
        }
        for (name, value) in Self.totals where totals[keyPath: value] > before[keyPath: value] {
            self.counters[name]?.increment(by: totals[keyPath: value] - before[keyPath: value])
        }
    }
}

extension PoolCore {
    func publishMetrics() {
        self.metrics.publish(self.snapshot)
    }
}
