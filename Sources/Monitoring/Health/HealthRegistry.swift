import Concurrency

/// The cached health of the process: components report into it, health endpoints and metrics read from it.
///
/// Reading costs a lock and a pass over a few dozen entries; no component is asked, no pool is touched.
package final class HealthRegistry: Sendable {
    private let state = Locked(HealthState())

    package init() {}

    /// A required component that has failed makes the node not ready; until its first report it counts as failed.
    package func register(_ name: String, isRequired: Bool = false, now: ContinuousClock.Instant = .now) {
        self.state.withLock { $0.registered(name, isRequired: isRequired, at: now) }
    }

    /// What a component says of itself, as often as it likes.
    package func report(_ name: String, _ status: HealthStatus, now: ContinuousClock.Instant = .now) {
        self.state.withLock { $0.reported(name, status, at: now) }
    }

    /// Called by each event loop about once a second; from the first call on its silence makes the process not live.
    package func beat(_ loop: String, now: ContinuousClock.Instant = .now) {
        self.state.withLock { $0.turned(loop, at: now) }
    }

    /// Everything is bound, migrated and recovered.
    package func startFinished() {
        self.state.withLock { $0.startFinished() }
    }

    /// Final: a draining process never becomes ready again.
    package func drainStarted() {
        self.state.withLock { $0.drainStarted() }
    }

    /// For `/health/live`: 200 when there are no reasons against it.
    package func liveness(now: ContinuousClock.Instant = .now) -> HealthVerdict {
        HealthVerdict(reasons: self.state.withLock { $0.reasonsNotLive(at: now) })
    }

    /// For `/health/ready`: 200 when there are no reasons against it.
    package func readiness() -> HealthVerdict {
        HealthVerdict(reasons: self.state.withLock { $0.reasonsNotReady })
    }

    /// For `/health`.
    package func report(now: ContinuousClock.Instant = .now) -> HealthReport {
        let state = self.state.withLock { $0 }
        let components = state.components.sorted { $0.key < $1.key }.map { name, component in
            HealthReport.Component(
                name: name,
                status: component.status,
                isRequired: component.isRequired,
                forDuration: component.since.duration(to: now),
                ageOfReport: component.reported.duration(to: now)
            )
        }
        return HealthReport(
            overall: state.overall,
            notLive: state.reasonsNotLive(at: now),
            notReady: state.reasonsNotReady,
            components: components
        )
    }

    /// Adds `resync_health_component`.
    package var collector: MetricsRegistry.Collector {
        { [self] samples in
            for component in self.report().components {
                let value: Double =
                    switch component.status {
                    case .ok: 1
                    case .degraded: 0.5
                    case .failed: 0
                    }
                samples.gauge("resync_health_component", value, labels: [("component", component.name)])
            }
        }
    }
}

/// Yes, or the reasons why not.
package struct HealthVerdict: Sendable, Hashable {
    package let reasons: [String]

    package var isOK: Bool { self.reasons.isEmpty }
}

/// The health of everything at one instant.
package struct HealthReport: Sendable {
    /// One part of the server.
    package struct Component: Sendable {
        package let name: String
        package let status: HealthStatus
        package let isRequired: Bool
        /// How long the status has been what it is.
        package let forDuration: Duration
        package let ageOfReport: Duration
    }

    package let overall: HealthStatus
    package let notLive: [String]
    package let notReady: [String]
    package let components: [Component]
}
