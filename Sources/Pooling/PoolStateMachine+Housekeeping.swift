/// What time alone brings about, and the ends of checks, resets and closes.
extension PoolStateMachine {
    /// Does everything that has fallen due and finds the next deadline.
    mutating func timePassed(now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        self.forgetDeadlines()
        self.timings.rotate(now: now)
        self.expireWaiters(now: now, &reaction)
        if case .stopping(let end) = self.phase {
            self.takeLeases(end: end, now: now, &reaction)
        }
        for slot in self.members.slots.indices {
            self.inspect(slot, now: now, &reaction)
        }
        self.retireIdle(now: now)
        self.checkIdle(now: now)
        self.refuseDuringOutage(now: now, &reaction)
        self.startDials(now: now)
        self.finishStopping(now: now)
        return reaction
    }

    private mutating func expireWaiters(now: PoolInstant, _ reaction: inout PoolReaction) {
        var evidence: PoolRefusal?
        var next = self.waiters.head
        while let id = next {
            next = self.waiters.next(after: id)
            let waiter = self.waiters[id]
            guard waiter.deadline <= now else {
                self.note(waiter.deadline)
                continue
            }
            self.waiters.remove(id)
            let waited = now.nanoseconds(since: waiter.since)
            self.timings.waited(waited)
            // The evidence is the same for all that expire together; gathering it once keeps this linear.
            if var known = evidence {
                self.totals.timeouts += 1
                known.waitedNanoseconds = waited
                known.heldByItself = self.holding(of: waiter.holder, now: now)
                reaction.settle(id, .refused(known))
            } else {
                let refusal = self.timeout(after: waited, holder: waiter.holder, now: now)
                evidence = refusal
                reaction.settle(id, .refused(refusal))
            }
        }
    }

    private mutating func inspect(_ slot: Int, now: PoolInstant, _ reaction: inout PoolReaction) {
        switch self.members[slot].phase {
        case .vacant, .idle: break
        case .connecting, .abandoned, .checking, .resetting, .closing:
            if self.members[slot].isInterrupted {
                break
            }
            if self.members[slot].deadline <= now {
                self.interrupt(slot)
            } else {
                self.note(self.members[slot].deadline)
            }
        case .leased:
            if self.members[slot].isLeakReported {
                break
            }
            let suspectAt = self.members[slot].since.advanced(by: self.limits.leakDetectionThreshold)
            if suspectAt <= now {
                self.members[slot].isLeakReported = true
                self.totals.leaked += 1
                reaction.reports.append(.leaked(self.description(of: slot, now: now)))
            } else {
                self.note(suspectAt)
            }
        }
    }

    /// Closes idle connections that are too old, or unused for too long and not needed for the minimum.
    private mutating func retireIdle(now: PoolInstant) {
        var next = self.members.lastIdle
        while let slot = next {
            next = self.members.idleHotter(than: slot)
            let unusedUntil = self.members[slot].since.advanced(by: self.limits.idleTimeout)
            if self.members[slot].retireAt <= now {
                self.close(slot, now: now)
                continue
            }
            self.note(self.members[slot].retireAt)
            guard self.members.alive > self.limits.minSize else {
                continue
            }
            if unusedUntil <= now {
                self.close(slot, now: now)
            } else {
                self.note(unusedUntil)
            }
        }
    }

    /// Starts the checks that are due, the coldest first, and leaves half of the idle connections to borrowers.
    private mutating func checkIdle(now: PoolInstant) {
        guard self.limits.canCheck, self.phase == .running || self.phase == .suspended else {
            return
        }
        let mayBeChecked = max(1, (self.members.idle + self.members.checking) / 2)
        var isHealthCheckDue = self.nextHealthCheck <= now
        if isHealthCheckDue {
            self.nextHealthCheck = now.advanced(by: self.limits.healthCheckInterval)
        }
        self.note(self.nextHealthCheck)
        var next = self.members.lastIdle
        while let slot = next {
            next = self.members.idleHotter(than: slot)
            let isDue = self.members[slot].checkAt <= now
            if isDue || isHealthCheckDue, self.members.checking < mayBeChecked {
                isHealthCheckDue = false
                self.check(slot, now: now)
            } else if !isDue {
                self.note(self.members[slot].checkAt)
            }
        }
    }

    private mutating func check(_ slot: Int, now: PoolInstant) {
        let deadline = now.advanced(by: self.limits.checkTimeout)
        // The time of the last use must survive the check, or checks would keep unused connections open for ever.
        let unusedSince = self.members[slot].since
        self.members.enter(.checking, slot, now: now)
        self.members[slot].unusedSince = unusedSince
        self.members[slot].deadline = deadline
        self.note(deadline)
        self.command(.check(self.members.id(of: slot), deadline: deadline))
    }

    mutating func checkFinished(_ id: PoolConnectionID, error: (any Error)?, now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.members.contains(id), self.members[id.slot].phase == .checking else {
            return reaction
        }
        let began = self.members[id.slot].since
        self.lastCheck = PoolCheckResult(at: now, durationNanoseconds: now.nanoseconds(since: began), error: error)
        if let error {
            self.totals.validationFailures += 1
            reaction.reports.append(.checkFailed(id, error))
            self.members[id.slot].isCondemned = true
        }
        self.makeAvailable(id.slot, now: now, &reaction)
        if self.members[id.slot].phase == .idle {
            self.members.backdate(id.slot, to: self.members[id.slot].unusedSince)
            self.note(self.members[id.slot].since.advanced(by: self.limits.idleTimeout))
        }
        self.checkIdle(now: now)
        return reaction
    }

    mutating func resetFinished(_ id: PoolConnectionID, error: (any Error)?, now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.members.contains(id), self.members[id.slot].phase == .resetting else {
            return reaction
        }
        if let error {
            self.totals.validationFailures += 1
            reaction.reports.append(.checkFailed(id, error))
            self.members[id.slot].isCondemned = true
        }
        self.makeAvailable(id.slot, now: now, &reaction)
        return reaction
    }

    /// The driver has noticed that a connection is dead, whatever it was doing.
    mutating func connectionFailed(_ id: PoolConnectionID, now: PoolInstant) -> PoolReaction {
        guard self.members.contains(id) else {
            return PoolReaction()
        }
        switch self.members[id.slot].phase {
        case .vacant, .closing, .abandoned: break
        case .idle:
            self.totals.validationFailures += 1
            self.close(id.slot, now: now)
            self.startDials(now: now)
        case .connecting, .checking, .leased, .resetting:
            self.members[id.slot].isCondemned = true
        }
        return PoolReaction()
    }

    mutating func close(_ slot: Int, now: PoolInstant) {
        let deadline = now.advanced(by: self.limits.closeTimeout)
        self.members.enter(.closing, slot, now: now)
        self.members[slot].deadline = deadline
        self.note(deadline)
        self.totals.closed += 1
        self.command(.close(self.members.id(of: slot)))
    }

    mutating func closeFinished(_ id: PoolConnectionID, now: PoolInstant) -> PoolReaction {
        if self.members.contains(id), self.members[id.slot].phase == .closing {
            self.members.enter(.vacant, id.slot, now: now)
            self.startDials(now: now)
            self.finishStopping(now: now)
        }
        return PoolReaction()
    }

    mutating func interrupt(_ slot: Int) {
        self.members[slot].isInterrupted = true
        self.command(.interrupt(self.members.id(of: slot)))
    }
}
