import Concurrency
import CoreMetrics

/// Keeps every metric of the process: the factory behind swift-metrics and the source of `/metrics`.
///
/// The number of series is bounded: beyond the bound of a metric its further label values share one series labelled
/// `(other)`, and `resync_metrics_overflow_total` counts how often that was needed. Metrics are never removed, so that
/// counters keep their value when the object a caller held goes away.
package final class MetricsRegistry: MetricsFactory, Sendable {
    /// Reads figures that live elsewhere (pool counts, process figures) at the moment of a scrape.
    package typealias Collector = @Sendable (inout MetricSamples) -> Void

    private struct State {
        var counters: [MetricIdentity: CounterValue] = [:]
        var gauges: [MetricIdentity: GaugeValue] = [:]
        var histograms: [MetricIdentity: HistogramValue] = [:]
        var seriesByName: [String: Int] = [:]
        var collectors: [Collector] = []
        var total = 0
    }

    /// One metric may have this many series; all metrics together ten times as many.
    package static let defaultMaxSeriesPerMetric = 200

    private let maxSeriesPerMetric: Int
    private let maxSeries: Int
    private let state = Locked(State())
    private let overflow = CounterValue()

    package init(maxSeriesPerMetric: Int = MetricsRegistry.defaultMaxSeriesPerMetric) {
        self.maxSeriesPerMetric = maxSeriesPerMetric
        self.maxSeries = maxSeriesPerMetric * 10
    }

    /// Called once per scrape, outside any lock.
    package func addCollector(_ collector: @escaping Collector) {
        self.state.withLock { $0.collectors.append(collector) }
    }

    /// The current figures, collectors included, as families sorted by name.
    func families() -> [MetricFamily] {
        let (counters, gauges, histograms, collectors) = self.state.withLock { state in
            (state.counters, state.gauges, state.histograms, state.collectors)
        }
        var samples = MetricSamples()
        for (identity, counter) in counters { samples.append(identity, .counter, .number(counter.value)) }
        for (identity, gauge) in gauges { samples.append(identity, .gauge, .number(gauge.value)) }
        for (identity, histogram) in histograms {
            let state = histogram.snapshot
            samples.append(
                identity,
                .histogram,
                .histogram(bounds: histogram.bounds, counts: state.counts, sum: state.sum)
            )
        }
        samples.counter("resync_metrics_overflow_total", self.overflow.value)
        for collector in collectors { collector(&samples) }
        return samples.families
    }
}

// MARK: - MetricsFactory

extension MetricsRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? self.histogram(label, dimensions) : self.gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}

    package func destroyMeter(_ handler: any MeterHandler) {}

    package func destroyRecorder(_ handler: any RecorderHandler) {}

    package func destroyTimer(_ handler: any TimerHandler) {}

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterValue {
        self.find(label, dimensions, in: \.counters) { CounterValue() }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeValue {
        self.find(label, dimensions, in: \.gauges) { GaugeValue() }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramValue {
        self.find(label, dimensions, in: \.histograms) { HistogramValue(bounds: MetricBuckets.bounds(for: label)) }
    }

    /// The series asked for; the shared one when the metric has too many already.
    private func find<Value: Sendable>(
        _ label: String,
        _ dimensions: [(String, String)],
        in series: any WritableKeyPath<State, [MetricIdentity: Value]> & Sendable,
        make: @Sendable () -> Value
    ) -> Value {
        let identity = MetricIdentity(label: label, dimensions: dimensions)
        let maxSeriesPerMetric = self.maxSeriesPerMetric
        let maxSeries = self.maxSeries
        let (value, hasOverflowed) = self.state.withLock { state -> (Value, Bool) in
            if let value = state[keyPath: series][identity] { return (value, false) }
            let isFull =
                state.seriesByName[identity.name, default: 0] >= maxSeriesPerMetric || state.total >= maxSeries
            let shared = MetricIdentity(
                name: identity.name,
                labels: identity.labels.map { MetricLabel(name: $0.name, value: "(other)") }
            )
            let kept = isFull ? shared : identity
            if let value = state[keyPath: series][kept] { return (value, isFull) }
            let value = make()
            state[keyPath: series][kept] = value
            state.seriesByName[identity.name, default: 0] += 1
            state.total += 1
            return (value, isFull)
        }
        if hasOverflowed { self.overflow.increment(by: Int64(1)) }
        return value
    }
}
