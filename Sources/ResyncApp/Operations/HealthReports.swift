import Auditing
import Monitoring
import Pooling
import ServiceLifecycle
import TWS

/// Tells the health registry once a second how the plans, the pools and the audit trail are.
struct HealthReports: Service {
    let health: HealthRegistry
    let engines: Engines
    let pools: PoolManager
    let audit: AuditTrail

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for engine in self.engines.all { self.health.report("plan.\(engine.name)", Self.status(of: engine)) }
                for pool in self.pools.snapshots { self.health.report("pool.\(pool.name)", Self.status(of: pool)) }
                self.health.report("audit", Self.status(of: self.audit.status))
                // Cancellation ends the wait and then the loop.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private static func status(of engine: Engine) -> HealthStatus {
        let snapshot = engine.mirror.snapshot
        guard let reason = snapshot.freshness.whyStale() else { return .ok }
        return snapshot.isLoaded || snapshot.freshness.reason == nil
            ? .degraded(reason: reason) : .failed(reason: reason)
    }

    static func status(of audit: AuditStatus) -> HealthStatus {
        if audit.spoolFailed { return .failed(reason: "the spool cannot be written: actions are refused") }
        if let error = audit.signingError { return .failed(reason: "the trail is not signed: \(error)") }
        return audit.shippingError.map { .degraded(reason: "events do not reach the database: \($0)") } ?? .ok
    }

    private static func status(of pool: PoolSnapshot) -> HealthStatus {
        if let error = pool.lastConnectError { return .degraded(reason: error) }
        if pool.state != .running { return .degraded(reason: "the pool is \(pool.state.rawValue)") }
        return pool.waiting > 0 ? .degraded(reason: "\(pool.waiting) are waiting for a connection") : .ok
    }
}

/// Turns readiness off as the first thing of a graceful shutdown.
struct Readiness: Service {
    let health: HealthRegistry

    func run() async throws {
        // Thrown only by cancellation, which ends the process as well.
        try? await gracefulShutdown()
        self.health.drainStarted()
    }
}
