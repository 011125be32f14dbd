import Concurrency
import FoundationEssentials

/// A pool at one instant; all numbers belong together.
package struct PoolSnapshot: Sendable {
    package enum State: String, Sendable, Hashable {
        case running, suspended, draining, closed
    }

    package struct Totals: Sendable, Hashable {
        package var acquired: UInt64 = 0
        package var created: UInt64 = 0
        package var closed: UInt64 = 0
        package var timeouts: UInt64 = 0
        /// Acquirers refused because too many were waiting.
        package var exhausted: UInt64 = 0
        package var connectErrors: UInt64 = 0
        /// Connections closed because a check or reset failed or they were found dead.
        package var validationFailures: UInt64 = 0
        /// Leases held longer than the threshold.
        package var leaked: UInt64 = 0
        /// Leases dropped without being returned, whose connection the pool has taken back.
        package var reclaimed: UInt64 = 0

        package init() {}
    }

    /// Over the last five to ten minutes.
    package struct Percentiles: Sendable, Hashable {
        package var p50 = 0.0
        package var p95 = 0.0
        package var p99 = 0.0
        package var max = 0.0
    }

    package struct HealthCheck: Sendable {
        package var at: Date
        package var ok: Bool
        package var durationSeconds: Double
        package var error: String?
    }

    package struct Breaker: Sendable {
        package var state: String
        package var failureRate: Double
        package var slowRate: Double
        package var openedAt: Date?

        package init(state: String, failureRate: Double, slowRate: Double, openedAt: Date?) {
            self.state = state
            self.failureRate = failureRate
            self.slowRate = slowRate
            self.openedAt = openedAt
        }
    }

    package var name: String
    package var kind: String
    package var endpoint: String
    package var role: String
    package var state: State
    package var minSize: Int
    package var maxSize: Int
    /// Lent connections, and those being reset after it.
    package var active: Int
    /// Connections nobody uses, including those being checked.
    package var idle: Int
    package var connecting: Int
    /// Operations under way; differs from `active` only in pools whose connections carry several.
    package var inFlight: Int
    /// Connections above `maxSize` after it was lowered, still lent.
    package var excess: Int
    package var waiting: Int
    package var peakActive: Int
    package var totals: Totals
    package var waitSeconds: Percentiles
    package var holdSeconds: Percentiles
    /// `active` divided by `maxSize`.
    package var utilization: Double
    /// Filled in by whoever guards the pool with a breaker.
    package var breaker: Breaker?
    package var lastHealthCheck: HealthCheck?
    /// Why connections cannot be opened at present.
    package var lastConnectError: String?
    package var advice: [String]
    package var leases: [PoolLeaseDescription]
}

extension PoolSnapshot {
    /// For what is counted like a pool without being one of `Pool`'s.
    package init(
        name: String,
        kind: String,
        endpoint: String,
        role: String,
        state: State,
        minSize: Int,
        maxSize: Int,
        active: Int,
        connecting: Int,
        peakActive: Int,
        totals: Totals
    ) {
        self.init(
            name: name,
            kind: kind,
            endpoint: endpoint,
            role: role,
            state: state,
            minSize: minSize,
            maxSize: maxSize,
            active: active,
            idle: 0,
            connecting: connecting,
            inFlight: active,
            excess: 0,
            waiting: 0,
            peakActive: peakActive,
            totals: totals,
            waitSeconds: Percentiles(),
            holdSeconds: Percentiles(),
            utilization: maxSize > 0 ? Double(active) / Double(maxSize) : 0,
            breaker: nil,
            lastHealthCheck: nil,
            lastConnectError: nil,
            advice: [],
            leases: []
        )
    }
}

/// One connection that is out.
package struct PoolLeaseDescription: Sendable, Hashable {
    package var id: String
    package var owner: String
    package var requestID: String?
    package var ageSeconds: Double
    package var acquiredAt: Date
}

/// A pool as operators see it, whatever its connections are.
package protocol ObservablePool: Sendable {
    var name: String { get }
    var snapshot: PoolSnapshot { get }
    /// Who holds connections, the longest first.
    var leases: [PoolLeaseDescription] { get }

    /// Changes the bounds at once; connections above a lower maximum go when they come back.
    func resize(min: Int, max: Int) throws(PoolError)
    /// Lends no more until resumed; acquirers wait.
    func suspend()
    /// Ends a suspension or a drain.
    func resume()
    /// Lends no more and closes all connections as they come back; false when some were still out at the deadline.
    func drain(deadline: Deadline) async -> Bool
    /// Closes every present connection, those lent when they come back, and opens new ones.
    func evict()
}
