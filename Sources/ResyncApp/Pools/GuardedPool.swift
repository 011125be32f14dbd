import Concurrency
import Foundation
import Pooling
import Resilience

/// A pool together with the circuit breaker in front of it.
struct GuardedPool: ObservablePool {
    let pool: any ObservablePool
    let breaker: CircuitBreaker

    var name: String { self.pool.name }
    var leases: [PoolLeaseDescription] { self.pool.leases }

    var snapshot: PoolSnapshot {
        var snapshot = self.pool.snapshot
        let breaker = self.breaker.snapshot
        snapshot.breaker = PoolSnapshot.Breaker(
            state: breaker.state,
            failureRate: breaker.failureRate,
            slowRate: breaker.slowRate,
            openedAt: breaker.openFor.map { Date(timeIntervalSinceNow: -($0 / .seconds(1))) }
        )
        return snapshot
    }

    func resize(min: Int, max: Int) throws(PoolError) { try self.pool.resize(min: min, max: max) }
    func suspend() { self.pool.suspend() }
    func resume() { self.pool.resume() }
    func drain(deadline: Deadline) async -> Bool { await self.pool.drain(deadline: deadline) }
    func evict() { self.pool.evict() }
}
