import Foundation
import JSON
import Pooling

extension JSONWriter {
    /// A pool as the contract describes it.
    mutating func write(_ pool: PoolSnapshot) {
        self.beginObject()
        self.field("name", pool.name)
        self.field("kind", pool.kind)
        self.field("endpoint", pool.endpoint)
        self.field("role", pool.role)
        self.field("state", pool.state.rawValue)
        self.field("minSize", pool.minSize)
        self.field("maxSize", pool.maxSize)
        self.field("active", pool.active)
        self.field("idle", pool.idle)
        self.field("connecting", pool.connecting)
        self.field("inFlight", pool.inFlight)
        self.field("waiting", pool.waiting)
        self.field("excess", pool.excess)
        self.field("peakActive", pool.peakActive)
        self.key("totals")
        self.write(pool.totals)
        self.key("waitSeconds")
        self.write(pool.waitSeconds)
        self.key("holdSeconds")
        self.write(pool.holdSeconds)
        self.field("utilization", pool.utilization)
        if let breaker = pool.breaker { self.write(breaker) }
        if let check = pool.lastHealthCheck { self.write(check) }
        self.field("lastConnectError", pool.lastConnectError)
        self.field("advice", pool.advice)
        self.endObject()
    }

    mutating func write(_ lease: PoolLeaseDescription) {
        self.beginObject()
        self.field("id", lease.id)
        self.field("owner", lease.owner)
        self.field("requestId", lease.requestID)
        self.field("ageSeconds", lease.ageSeconds)
        self.field("acquiredAt", lease.acquiredAt)
        self.endObject()
    }

    private mutating func write(_ totals: PoolSnapshot.Totals) {
        self.beginObject()
        self.field("acquired", totals.acquired)
        self.field("created", totals.created)
        self.field("closed", totals.closed)
        self.field("timeouts", totals.timeouts)
        self.field("exhausted", totals.exhausted)
        self.field("connectErrors", totals.connectErrors)
        self.field("validationFailures", totals.validationFailures)
        self.field("leaked", totals.leaked)
        self.field("reclaimed", totals.reclaimed)
        self.endObject()
    }

    private mutating func write(_ percentiles: PoolSnapshot.Percentiles) {
        self.beginObject()
        self.field("p50", percentiles.p50)
        self.field("p95", percentiles.p95)
        self.field("p99", percentiles.p99)
        self.field("max", percentiles.max)
        self.endObject()
    }

    private mutating func write(_ breaker: PoolSnapshot.Breaker) {
        self.key("breaker")
        self.beginObject()
        self.field("state", breaker.state)
        self.field("failureRate", breaker.failureRate)
        self.field("slowRate", breaker.slowRate)
        self.field("openedAt", breaker.openedAt)
        self.endObject()
    }

    private mutating func write(_ check: PoolSnapshot.HealthCheck) {
        self.key("lastHealthCheck")
        self.beginObject()
        self.field("at", check.at)
        self.field("ok", check.ok)
        self.field("durationSeconds", check.durationSeconds)
        self.field("error", check.error)
        self.endObject()
    }
}
