/// What operators and the end of the program ask of a pool.
extension PoolStateMachine {
    mutating func suspend() {
        if self.phase == .running {
            self.phase = .suspended
        }
    }

    /// Lends again, first to those who have waited.
    mutating func resume(now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.phase == .suspended || self.phase == .draining else {
            return reaction
        }
        self.phase = .running
        self.serveWaiters(now: now, &reaction)
        self.startDials(now: now)
        return reaction
    }

    mutating func drain(now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.phase == .running || self.phase == .suspended else {
            return reaction
        }
        self.phase = .draining
        self.empty(now: now, &reaction)
        return reaction
    }

    /// Begins the end; leases still out at `end` lose their connections.
    mutating func stop(end: PoolInstant, now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        switch self.phase {
        case .closed: return reaction
        case .stopping(let known): self.phase = .stopping(until: min(known, end))
        case .running, .suspended, .draining: self.phase = .stopping(until: end)
        }
        self.note(end)
        self.empty(now: now, &reaction)
        self.finishStopping(now: now)
        return reaction
    }

    /// Replaces every connection there is: idle ones now, the others when they are done.
    mutating func evict(now: PoolInstant) {
        while let slot = self.members.firstIdle {
            self.close(slot, now: now)
        }
        for slot in self.members.slots.indices where self.members[slot].phase != .vacant {
            self.members[slot].isCondemned = true
        }
        self.startDials(now: now)
    }

    mutating func resize(min: Int, max: Int, now: PoolInstant) -> PoolReaction {
        var reaction = PoolReaction()
        self.limits.minSize = min
        self.limits.maxSize = max
        self.members.grow(to: max)
        while self.members.alive > max, let slot = self.members.lastIdle {
            self.close(slot, now: now)
        }
        for slot in self.members.slots.indices.reversed() where self.members[slot].phase == .connecting {
            guard self.members.alive > max else {
                break
            }
            self.abandon(slot, now: now)
        }
        self.serveWaiters(now: now, &reaction)
        self.startDials(now: now)
        return reaction
    }

    /// Whether nothing is left of a pool that is being emptied.
    var isEmptied: Bool {
        switch self.phase {
        case .running, .suspended: false
        case .draining, .stopping: self.members.occupied == 0
        case .closed: true
        }
    }

    mutating func finishStopping(now: PoolInstant) {
        if case .stopping = self.phase, self.members.occupied == 0 {
            self.phase = .closed
            // Housekeeping has to see that it is over.
            self.note(now)
        }
    }

    /// Ends waiting and closes what nobody uses.
    private mutating func empty(now: PoolInstant, _ reaction: inout PoolReaction) {
        self.refuseAllWaiters(.draining, now: now, &reaction)
        while let slot = self.members.firstIdle {
            self.close(slot, now: now)
        }
        for slot in self.members.slots.indices {
            switch self.members[slot].phase {
            case .connecting: self.abandon(slot, now: now)
            case .checking, .resetting: self.interrupt(slot)
            case .vacant, .abandoned, .idle, .leased, .closing: break
            }
        }
    }

    private mutating func abandon(_ slot: Int, now: PoolInstant) {
        self.members.enter(.abandoned, slot, now: now)
        self.interrupt(slot)
    }

    mutating func takeLeases(end: PoolInstant, now: PoolInstant, _ reaction: inout PoolReaction) {
        guard end <= now else {
            self.note(end)
            return
        }
        for slot in self.members.slots.indices where self.members[slot].phase == .leased {
            reaction.reports.append(.connectionTaken(self.description(of: slot, now: now)))
            self.close(slot, now: now)
        }
    }

    private mutating func serveWaiters(now: PoolInstant, _ reaction: inout PoolReaction) {
        while self.phase == .running, let head = self.waiters.head, let slot = self.members.firstIdle {
            self.serve(head, slot, now: now, &reaction)
        }
    }

    mutating func refuseAllWaiters(_ code: PoolError.Code, now: PoolInstant, _ reaction: inout PoolReaction) {
        guard !self.waiters.isEmpty else {
            return
        }
        var refusal = self.refusal(code, now: now)
        while let id = self.waiters.head {
            refusal.waitedNanoseconds = now.nanoseconds(since: self.waiters[id].since)
            self.waiters.remove(id)
            reaction.settle(id, .refused(refusal))
        }
    }
}
