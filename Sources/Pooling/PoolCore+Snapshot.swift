import FoundationEssentials

/// The figures of a pool.
extension PoolCore {
    var snapshot: PoolSnapshot {
        let now = self.clock.now
        // Copied under the lock, computed with after it.
        let (machine, holdings) = self.perform { state in (state.machine, state.machine.holdings(now: now)) }
        let wall = Date()
        let counts = machine.counts
        var snapshot = PoolSnapshot(
            name: self.identity.name,
            kind: self.identity.kind,
            endpoint: self.identity.endpoint,
            role: self.identity.role,
            state: machine.state,
            minSize: machine.limits.minSize,
            maxSize: machine.limits.maxSize,
            active: counts.active,
            idle: counts.idle,
            connecting: counts.connecting,
            inFlight: counts.active + counts.excess,
            excess: counts.excess,
            waiting: machine.waiters.count,
            peakActive: machine.peakActive,
            totals: machine.totals,
            waitSeconds: machine.timings.waitPercentiles,
            holdSeconds: machine.timings.holdPercentiles,
            utilization: Double(counts.active) / Double(machine.limits.maxSize),
            breaker: nil,
            lastHealthCheck: machine.lastCheck.map { check in
                PoolSnapshot.HealthCheck(
                    at: wall.addingTimeInterval(-Double(now.nanoseconds(since: check.at)) / 1e9),
                    ok: check.error == nil,
                    durationSeconds: Double(check.durationNanoseconds) / 1e9,
                    error: check.error.map { "\($0)" }
                )
            },
            lastConnectError: machine.outage.map { "\($0.lastError)" },
            advice: [],
            leases: holdings.map { $0.lease(at: wall) }
        )
        snapshot.advice = snapshot.findAdvice(leakThreshold: self.settings.leakDetectionThreshold)
        return snapshot
    }

    var leases: [PoolLeaseDescription] {
        let now = self.clock.now
        let holdings = self.perform { state in state.machine.holdings(now: now) }
        let wall = Date()
        return holdings.map { $0.lease(at: wall) }
    }
}

extension PoolStateMachine {
    /// The phases as operators count them; `active + idle + connecting <= maxSize` at every instant.
    var counts: (active: Int, idle: Int, connecting: Int, excess: Int) {
        let room = self.limits.maxSize
        let active = min(self.members.active, room)
        let idle = min(self.members.idle + self.members.checking, room - active)
        let connecting = min(self.members.connecting, room - active - idle)
        return (active, idle, connecting, self.members.alive - active - idle - connecting)
    }

    var state: PoolSnapshot.State {
        switch self.phase {
        case .running: .running
        case .suspended: .suspended
        case .draining, .stopping: .draining
        case .closed: .closed
        }
    }
}
