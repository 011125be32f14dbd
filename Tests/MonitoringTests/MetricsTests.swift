import CoreMetrics
import Testing

@testable import Monitoring

@Suite("Metrics")
struct MetricsTests {
    @Test
    func `the text of Prometheus has help, type and sorted series`() {
        let registry = MetricsRegistry()
        registry.makeCounter(label: "resync_things_total", dimensions: [("b", "2"), ("a", "x\"\\\ny")]).increment(by: 3)
        registry.makeCounter(label: "resync_things_total", dimensions: [("a", "1"), ("b", "2")]).increment(by: 1)
        registry.makeMeter(label: "resync.level", dimensions: []).set(0.25)

        #expect(
            text(registry, .prometheus, of: "resync_") == """
                # HELP resync_level resync level
                # TYPE resync_level gauge
                resync_level 0.25
                # HELP resync_metrics_overflow_total Uses of a label value beyond the bound on series of a metric.
                # TYPE resync_metrics_overflow_total counter
                resync_metrics_overflow_total 0
                # HELP resync_things_total resync things total
                # TYPE resync_things_total counter
                resync_things_total{a="1",b="2"} 1
                resync_things_total{a="x\\"\\\\\\ny",b="2"} 3

                """
        )
    }

    @Test
    func `OpenMetrics names a counter's family without suffix and ends with EOF`() {
        let registry = MetricsRegistry()
        registry.makeCounter(label: "resync_things_total", dimensions: []).increment(by: 3)
        registry.makeCounter(label: "resync_bare", dimensions: []).increment(by: 4)
        let lines = text(registry, .openMetrics).split(separator: "\n").map(String.init)

        #expect(lines.contains("# TYPE resync_things counter"))
        #expect(lines.contains("resync_things_total 3"))
        #expect(lines.contains("# TYPE resync_bare counter"))
        #expect(lines.contains("resync_bare_total 4"))
        #expect(lines.last == "# EOF")
    }

    @Test(arguments: [
        (
            "application/openmetrics-text; version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        ),
        ("text/plain", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
    ])
    func `the client chooses the text`(_ accept: String, _ contentType: String) {
        #expect(MetricExposition(accept: accept).contentType == contentType)
        #expect(MetricExposition(accept: nil).contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test
    func `a timer fills buckets of seconds, each including those below`() {
        let registry = MetricsRegistry()
        let timer = registry.makeTimer(label: "wait_seconds", dimensions: [("pool", "db")])
        for milliseconds in [1, 3, 70, 20_000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        let lines = text(registry, .prometheus, of: "wait_").split(separator: "\n").map(String.init)

        #expect(lines.contains("# TYPE wait_seconds histogram"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"0.0005\"} 0"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"0.001\"} 1"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"0.005\"} 2"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"0.1\"} 3"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"10\"} 3"))
        #expect(lines.contains("wait_seconds_bucket{pool=\"db\",le=\"+Inf\"} 4"))
        #expect(lines.contains("wait_seconds_count{pool=\"db\"} 4"))
        #expect(lines.contains("wait_seconds_sum{pool=\"db\"} 20.074"))
    }

    @Test
    func `the same label and dimensions are the same series in any order`() {
        let registry = MetricsRegistry()
        registry.makeCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")]).increment(by: 1)
        registry.makeCounter(label: "a_total", dimensions: [("y", "2"), ("x", "1")]).increment(by: 1)

        #expect(text(registry, .prometheus).contains("a_total{x=\"1\",y=\"2\"} 2\n"))
    }

    @Test
    func `label values beyond the bound share one series and are counted`() {
        let registry = MetricsRegistry(maxSeriesPerMetric: 3)
        for user in 0..<1000 {
            registry.makeCounter(label: "logins_total", dimensions: [("user", "u\(user)")]).increment(by: 1)
        }
        let lines = text(registry, .prometheus).split(separator: "\n").filter { $0.hasPrefix("logins_total{") }

        #expect(lines.count == 4)
        #expect(lines.contains("logins_total{user=\"(other)\"} 997"))
        #expect(text(registry, .prometheus).contains("resync_metrics_overflow_total 997\n"))
    }

    @Test
    func `all metrics together are bounded as well`() {
        let registry = MetricsRegistry(maxSeriesPerMetric: 2)
        for index in 0..<100 {
            registry.makeCounter(label: "m\(index / 2)_total", dimensions: [("i", "\(index)")]).increment(by: 1)
        }
        let named = registry.families().flatMap(\.samples).filter { $0.labels.first?.value != "(other)" }

        // Twenty, and the registry's own overflow count.
        #expect(named.count == 21)
    }

    @Test
    func `a counter never falls, a gauge takes steps`() {
        let counter = CounterValue()
        counter.increment(by: Int64(5))
        counter.increment(by: Int64(-3))
        counter.increment(by: 0.5)
        counter.increment(by: Double.nan)
        let gauge = GaugeValue()
        gauge.set(3.0)
        gauge.increment(by: 2.5)
        gauge.decrement(by: 4)

        #expect(counter.value == 5.5)
        #expect(gauge.value == 1.5)
    }

    @Test
    func `concurrent increments all count`() async {
        let registry = MetricsRegistry()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        registry.makeCounter(label: "c_total", dimensions: []).increment(by: 1)
                        registry.makeMeter(label: "g", dimensions: []).increment(by: 1)
                        registry.makeTimer(label: "t_seconds", dimensions: []).recordNanoseconds(1)
                    }
                }
            }
        }
        let rendered = text(registry, .prometheus)

        #expect(rendered.contains("c_total 8000\n"))
        #expect(rendered.contains("g 8000\n"))
        #expect(rendered.contains("t_seconds_count 8000\n"))
    }

    @Test
    func `collectors are asked at each scrape`() {
        let registry = MetricsRegistry()
        let asked = CounterValue()
        registry.addCollector { samples in
            asked.increment(by: Int64(1))
            samples.gauge("pool_active", asked.value, labels: [("pool", "db")])
        }
        _ = registry.families()

        #expect(text(registry, .prometheus).contains("pool_active{pool=\"db\"} 2\n"))
    }

    @Test
    func `the process's own figures are plausible`() {
        var samples = MetricSamples()
        ProcessMetrics.collector(&samples)
        let values = Dictionary(
            uniqueKeysWithValues: samples.families.map { family -> (String, Double) in
                guard case .number(let value)? = family.samples.first?.value else { return (family.name, .nan) }
                return (family.name, value)
            }
        )

        #expect(values["process_cpu_seconds_total", default: -1] >= 0)
        #expect(values["process_resident_memory_bytes", default: 0] > 1_000_000)
        #expect(values["process_open_fds", default: 0] >= 3)
        #expect(values["process_max_fds", default: 0] >= values["process_open_fds", default: .infinity])
        #expect(values["process_threads", default: 0] >= 1)
        #expect(values["process_start_time_seconds", default: 0] > 1_500_000_000)
    }
}

private func text(_ registry: MetricsRegistry, _ exposition: MetricExposition, of prefix: String = "") -> String {
    let text = String(decoding: exposition.render(registry), as: UTF8.self)
    guard !prefix.isEmpty else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
        line.hasPrefix(prefix) || line.hasPrefix("# HELP \(prefix)") || line.hasPrefix("# TYPE \(prefix)")
    }.joined(separator: "\n") + "\n"
}
