/// Opening connections: how many, when, and what failures mean.
extension PoolStateMachine {
    /// Starts as many attempts as are wanted and allowed now.
    ///
    /// Attempts belong to no acquirer: a connection goes to whoever is first in the queue when it is ready, and a
    /// returned one may come first.
    mutating func startDials(now: PoolInstant) {
        while self.wantsConnection, self.members.connecting < self.connectLimit,
            self.members.occupied < self.limits.maxSize
        {
            if let outage = self.outage, now < outage.retryAt {
                self.note(outage.retryAt)
                return
            }
            let deadline = now.advanced(by: self.limits.connectTimeout)
            guard let slot = self.members.begin(now: now, deadline: deadline) else {
                return
            }
            self.outage?.isProbeWanted = false
            self.note(deadline)
            self.command(.connect(self.members.id(of: slot), deadline: deadline))
        }
    }

    private var wantsConnection: Bool {
        guard self.phase == .running else {
            return false
        }
        return self.members.connecting < self.waiters.count || self.members.alive < self.limits.minSize
            || (self.members.connecting == 0 && self.outage?.isProbeWanted == true)
    }

    mutating func dialSucceeded(_ id: PoolConnectionID, now: PoolInstant, random: Double) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.members.contains(id) else {
            return reaction
        }
        self.totals.created += 1
        if let outage = self.outage {
            self.outage = nil
            reaction.reports.append(
                .outageEnded(afterNanoseconds: now.nanoseconds(since: outage.since), failures: outage.failures)
            )
        }
        self.connectLimit = min(self.connectLimit * 2, self.limits.maxConcurrentConnects)
        if self.members[id.slot].phase == .abandoned {
            self.close(id.slot, now: now)
        } else {
            let lifetime = self.limits.maxLifetime
            let shortened =
                lifetime == .max ? lifetime : lifetime - Int64(Double(lifetime) * self.limits.lifetimeJitter * random)
            self.members[id.slot].retireAt = now.advanced(by: shortened)
            self.makeAvailable(id.slot, now: now, &reaction)
        }
        self.startDials(now: now)
        return reaction
    }

    mutating func dialFailed(
        _ id: PoolConnectionID,
        error: any Error,
        now: PoolInstant,
        random: Double
    ) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.members.contains(id) else {
            return reaction
        }
        let wasWanted = self.members[id.slot].phase == .connecting
        let began = self.members[id.slot].since
        self.members.enter(.vacant, id.slot, now: now)
        if wasWanted {
            self.totals.connectErrors += 1
            self.connectLimit = 1
            self.recordFailure(error, dialBegan: began, now: now, random: random, &reaction)
            self.refuseDuringOutage(now: now, &reaction)
        }
        self.startDials(now: now)
        return reaction
    }

    private mutating func recordFailure(
        _ error: any Error,
        dialBegan: PoolInstant,
        now: PoolInstant,
        random: Double,
        _ reaction: inout PoolReaction
    ) {
        var outage: PoolOutage
        if let known = self.outage {
            outage = known
        } else {
            outage = PoolOutage(
                since: now,
                lastFailureAt: .distantPast,
                failures: 0,
                failuresInARow: 0,
                lastError: error,
                retryAt: now
            )
            reaction.reports.append(.outageBegan(error))
        }
        // Attempts under way when another one failed tell nothing new and must not stretch the pause.
        if dialBegan >= outage.lastFailureAt {
            let base = self.limits.connectBackoffBase
            let doublings = min(outage.failuresInARow, base.leadingZeroBitCount - 1)
            let ceiling = min(self.limits.connectBackoffLimit, base << doublings)
            outage.failuresInARow += 1
            outage.retryAt = now.advanced(by: Int64(Double(ceiling) * random))
        }
        outage.failures += 1
        outage.lastFailureAt = now
        outage.lastError = error
        self.outage = outage
    }

    /// Whether waiting is pointless: nothing is there to come back and the server has not been reachable for a while.
    ///
    /// An outage nobody has looked at since the grace ran out is judged anew.
    mutating func failsFast(now: PoolInstant) -> Bool {
        guard let outage = self.outage, self.members.established == 0 else {
            return false
        }
        let grace = self.limits.outageGrace
        if self.members.connecting == 0, outage.lastFailureAt.advanced(by: grace) < now, outage.retryAt < now {
            self.outage?.since = now
            return false
        }
        return outage.since.advanced(by: grace) <= now
    }

    /// Refuses all waiters once the grace of an outage has run out.
    mutating func refuseDuringOutage(now: PoolInstant, _ reaction: inout PoolReaction) {
        guard let outage = self.outage, self.members.established == 0, !self.waiters.isEmpty else {
            return
        }
        let end = outage.since.advanced(by: self.limits.outageGrace)
        guard end <= now else {
            self.note(end)
            return
        }
        self.outage?.isProbeWanted = true
        self.refuseAllWaiters(.connectFailed, now: now, &reaction)
    }
}
