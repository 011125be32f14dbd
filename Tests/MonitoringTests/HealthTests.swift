import Testing

@testable import Monitoring

@Suite("Health")
struct HealthTests {
    private let start = ContinuousClock.now

    @Test
    func `a node is ready from the end of its start until it drains`() {
        var state = HealthState()
        #expect(state.reasonsNotReady == ["starting"])
        state.startFinished()
        #expect(state.reasonsNotReady == [])
        state.drainStarted()
        #expect(state.reasonsNotReady == ["draining"])
        state.startFinished()
        #expect(state.reasonsNotReady == ["draining"])
    }

    @Test
    func `only a required component takes the node out`() {
        var state = HealthState()
        state.startFinished()
        state.registered("audit", isRequired: true, at: self.start)
        state.registered("tws.default", isRequired: false, at: self.start)
        #expect(state.reasonsNotReady == ["audit: has not reported yet"])

        state.reported("audit", .degraded(reason: "slow"), at: self.start)
        state.reported("tws.default", .failed(reason: "connection refused"), at: self.start)
        #expect(state.reasonsNotReady == [])
        #expect(state.overall == .degraded(reason: "audit, tws.default"))

        state.reported("audit", .failed(reason: "disk full"), at: self.start)
        #expect(state.reasonsNotReady == ["audit: disk full"])
        #expect(state.overall == .failed(reason: "audit, tws.default"))
    }

    @Test
    func `a loop that stops turning makes the process not live, whatever its backends do`() {
        var state = HealthState()
        #expect(state.reasonsNotLive(at: self.start).isEmpty)
        state.reported("database", .failed(reason: "gone"), at: self.start)
        state.turned("loop-0", at: self.start)
        state.turned("loop-1", at: self.start)
        state.turned("loop-1", at: self.start.advanced(by: .seconds(8)))
        #expect(state.reasonsNotLive(at: self.start.advanced(by: .seconds(10))).isEmpty)

        #expect(state.reasonsNotLive(at: self.start.advanced(by: .seconds(11))) == ["loop-0 has been stuck for 11 s"])
    }

    @Test
    func `a status repeated keeps its beginning`() {
        let registry = HealthRegistry()
        registry.register("database", now: self.start)
        registry.report("database", .failed(reason: "gone"), now: self.start.advanced(by: .seconds(1)))
        registry.report("database", .failed(reason: "gone"), now: self.start.advanced(by: .seconds(5)))
        let component = registry.report(now: self.start.advanced(by: .seconds(7))).components[0]

        #expect(component.forDuration == .seconds(6))
        #expect(component.ageOfReport == .seconds(2))
    }

    @Test
    func `health is a metric`() {
        let health = HealthRegistry()
        health.report("a", .ok)
        health.report("b", .degraded(reason: "x"))
        health.report("c", .failed(reason: "x"))
        let registry = MetricsRegistry()
        registry.addCollector(health.collector)
        let text = String(decoding: MetricExposition.prometheus.render(registry), as: UTF8.self)

        #expect(text.contains("resync_health_component{component=\"a\"} 1\n"))
        #expect(text.contains("resync_health_component{component=\"b\"} 0.5\n"))
        #expect(text.contains("resync_health_component{component=\"c\"} 0\n"))
    }
}
