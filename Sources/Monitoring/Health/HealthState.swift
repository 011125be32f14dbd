/// What is known of a component's health.
package enum HealthStatus: Sendable, Hashable {
    case ok
    /// Works, but not as it should.
    case degraded(reason: String)
    case failed(reason: String)

    /// Nil when all is well.
    package var reason: String? {
        switch self {
        case .ok: nil
        case .degraded(let reason), .failed(let reason): reason
        }
    }
}

/// The health of everything as last reported: a value without clock or lock.
///
/// Readiness does not depend on shared backends: were it so, all nodes would leave the load balancer together when one
/// database goes away, and nothing would answer from the mirror. Only a component registered as required makes the node
/// not ready.
struct HealthState: Sendable {
    /// Where the process stands in its life.
    enum Phase: Sendable {
        case starting
        case serving
        case draining
    }

    /// One part of the server and what it last said of itself.
    struct Component: Sendable {
        let isRequired: Bool
        var status: HealthStatus
        /// When the status began, however often it was repeated since.
        var since: ContinuousClock.Instant
        var reported: ContinuousClock.Instant
    }

    /// A loop that has not turned for this long is stuck.
    static let longestSilence: Duration = .seconds(10)

    private(set) var phase = Phase.starting
    private(set) var components: [String: Component] = [:]
    private var heartbeats: [String: ContinuousClock.Instant] = [:]

    mutating func registered(_ name: String, isRequired: Bool, at now: ContinuousClock.Instant) {
        let status = HealthStatus.failed(reason: "has not reported yet")
        self.components[name] = Component(isRequired: isRequired, status: status, since: now, reported: now)
    }

    /// A name never registered is not required.
    mutating func reported(_ name: String, _ status: HealthStatus, at now: ContinuousClock.Instant) {
        guard var component = self.components[name] else {
            self.components[name] = Component(isRequired: false, status: status, since: now, reported: now)
            return
        }
        if component.status != status { component.since = now }
        component.status = status
        component.reported = now
        self.components[name] = component
    }

    mutating func turned(_ loop: String, at now: ContinuousClock.Instant) {
        self.heartbeats[loop] = now
    }

    mutating func startFinished() {
        // A drain may begin before the start is complete; it is final.
        if self.phase == .starting { self.phase = .serving }
    }

    mutating func drainStarted() {
        self.phase = .draining
    }

    /// Why the process should be restarted; empty when it lives.
    func reasonsNotLive(at now: ContinuousClock.Instant) -> [String] {
        self.heartbeats.sorted { $0.key < $1.key }.compactMap { loop, last in
            let silence = last.duration(to: now)
            return silence > Self.longestSilence ? "\(loop) has been stuck for \(silence.components.seconds) s" : nil
        }
    }

    /// Why the node should get no new requests; empty when it is ready.
    var reasonsNotReady: [String] {
        switch self.phase {
        case .starting: ["starting"]
        case .draining: ["draining"]
        case .serving:
            self.components.sorted { $0.key < $1.key }.compactMap { name, component in
                guard component.isRequired, case .failed(let reason) = component.status else { return nil }
                return "\(name): \(reason)"
            }
        }
    }

    /// The worst of all components.
    var overall: HealthStatus {
        let unwell = self.components.filter { $0.value.status != .ok }
        guard !unwell.isEmpty else { return .ok }
        let names = unwell.keys.sorted().joined(separator: ", ")
        let hasFailedRequired = unwell.contains { component in
            if case .failed = component.value.status { component.value.isRequired } else { false }
        }
        return hasFailedRequired ? .failed(reason: names) : .degraded(reason: names)
    }
}
