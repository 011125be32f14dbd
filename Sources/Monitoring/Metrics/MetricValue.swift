import Concurrency
import CoreMetrics
import Synchronization

/// A count that only grows.
final class CounterValue: CounterHandler, FloatingPointCounterHandler, Sendable {
    private let whole = Atomic<Int64>(0)
    /// Floating-point increments are rare; the atomic above stays the common case.
    private let fraction = Locked<Double>(0)

    var value: Double { Double(self.whole.load(ordering: .relaxed)) + self.fraction.withLock { $0 } }

    func increment(by amount: Int64) {
        // A counter that falls reads as a restart to Prometheus: what is not growth is ignored.
        guard amount > 0 else { return }
        self.whole.wrappingAdd(amount, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        self.fraction.withLock { $0 += amount }
    }

    func reset() {
        self.whole.store(0, ordering: .relaxed)
        self.fraction.withLock { $0 = 0 }
    }
}

/// A figure that goes up and down.
final class GaugeValue: MeterHandler, RecorderHandler, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { self.set(Double(value)) }

    func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }

    func increment(by amount: Double) {
        var old = self.bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = self.bits.weakCompareExchange(
                expected: old,
                desired: new,
                ordering: .relaxed
            )
            if exchanged { return }
            old = original
        }
    }

    func decrement(by amount: Double) { self.increment(by: -amount) }

    func record(_ value: Int64) { self.set(Double(value)) }

    func record(_ value: Double) { self.set(value) }
}

/// A distribution in fixed buckets.
final class HistogramValue: RecorderHandler, TimerHandler, Sendable {
    /// Counts per bucket, not yet accumulated; the last one is for what exceeds every bound.
    struct State: Sendable {
        var counts: [UInt64]
        var sum: Double
    }

    /// Upper bounds, ascending.
    let bounds: [Double]
    private let state: Locked<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Locked(State(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var snapshot: State { self.state.withLock { $0 } }

    func record(_ value: Int64) { self.record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
        self.state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1e9) }
}
