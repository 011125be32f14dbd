/// A lease, past or present; never used for another one.
struct PoolLeaseID: Sendable, Hashable {
    let slot: Int
    let serial: UInt64
    /// Whether the length of this lease is measured.
    let isTimed: Bool
}

/// Decides everything a pool does: who gets which connection and when connections are opened, checked and closed.
///
/// A value without clock, lock or I/O. Every event returns a `PoolReaction`, what is to be done at once; work for
/// `run()` is collected and taken with `takeCommands`. Connections are known by their slot alone.
struct PoolStateMachine: Sendable {
    enum Phase: Sendable, Hashable {
        /// → suspended, draining, stopping
        case running
        /// Lends nothing, acquirers wait. → running, draining, stopping
        case suspended
        /// Lends nothing, acquirers are refused, connections go. → running, stopping
        case draining
        /// As draining, without return; leases still out at the end lose their connections. → closed
        case stopping(until: PoolInstant)
        case closed
    }

    var limits: PoolLimits
    var phase = Phase.running
    var members: PoolMembers
    var waiters = PoolWaiters()
    var outage: PoolOutage?
    /// How many connections may be opened at the same time; one after a failure, doubled with each success.
    var connectLimit: Int
    var totals = PoolSnapshot.Totals()
    var peakActive = 0
    var timings = PoolTimings()
    var lastCheck: PoolCheckResult?
    var nextHealthCheck: PoolInstant
    private var nextLease: UInt64 = 0
    private var lastTimedTick = Int64.min

    private var commands: [PoolCommand] = []
    /// Nothing falls due before this; found anew with every round of housekeeping, brought forward in between.
    private(set) var nextDeadline = PoolInstant.distantFuture
    /// Until when housekeeping sleeps; `distantPast` while it is awake or has been woken.
    private var armed = PoolInstant.distantPast

    init(limits: PoolLimits, now: PoolInstant) {
        self.limits = limits
        self.members = PoolMembers(capacity: limits.maxSize)
        self.connectLimit = limits.maxConcurrentConnects
        self.nextHealthCheck = now.advanced(by: limits.healthCheckInterval)
    }

    // MARK: - Lending

    /// Lends an idle connection unless somebody waits; all that happens when there are enough connections.
    mutating func leaseIdle(owner: LeaseOwner, holder: TaskIdentity, now: PoolInstant) -> PoolLeaseID? {
        guard case .running = self.phase, self.waiters.isEmpty,
            let slot = self.members.lendHottest(self.nextLease + 1, to: owner, holder: holder, now: now)
        else {
            return nil
        }
        self.timings.servedAtOnce()
        return self.lent(slot, now: now)
    }

    /// Takes back a connection nobody waits for and that can be lent again; all that happens when there are enough.
    ///
    /// False when there is more to decide, which is then left to `released`. `held` is the length of a timed lease.
    mutating func returnIdle(_ lease: PoolLeaseID, held: Int64?, now: PoolInstant) -> Bool {
        let checkAt = now.advanced(by: self.limits.keepaliveInterval)
        guard case .running = self.phase, self.waiters.isEmpty, !self.limits.mustReset,
            self.members.alive <= self.limits.maxSize,
            let times = self.members.takeBack(lease, now: now, checkAt: checkAt)
        else {
            return false
        }
        self.recordHold(held, since: times.since, now: now)
        self.note(checkAt)
        self.note(now.advanced(by: self.limits.idleTimeout))
        self.note(times.retireAt)
        return true
    }

    /// Lends a connection, queues the acquirer, or refuses it.
    mutating func acquire(
        owner: LeaseOwner,
        holder: TaskIdentity,
        deadline: PoolInstant,
        now: PoolInstant
    ) -> PoolAcquireDecision {
        switch self.phase {
        case .running, .suspended: break
        case .draining, .stopping: return .refused(self.refusal(.draining, now: now))
        case .closed: return .refused(self.refusal(.closed, now: now))
        }
        if let lease = self.leaseIdle(owner: owner, holder: holder, now: now) {
            return .leased(lease)
        }
        if deadline <= now {
            return .refused(self.timeout(after: 0, holder: holder, now: now))
        }
        if self.failsFast(now: now) {
            self.outage?.isProbeWanted = true
            self.startDials(now: now)
            return .refused(self.refusal(.connectFailed, now: now))
        }
        guard self.waiters.count < self.limits.maxWaiters else {
            self.totals.exhausted += 1
            return .refused(self.refusal(.exhausted, holder: holder, now: now))
        }
        guard !self.isDeadlock(holder: holder) else {
            return .refused(self.refusal(.nestedAcquire, holder: holder, now: now))
        }
        let id = self.waiters.append(owner: owner, holder: holder, since: now, deadline: deadline)
        self.note(deadline)
        self.startDials(now: now)
        return .waiting(id)
    }

    /// The acquirer's task was cancelled; too late when it has been served already, whose lease it then returns.
    mutating func waiterCancelled(_ id: PoolWaiterID) -> PoolReaction {
        var reaction = PoolReaction()
        if self.waiters.contains(id) {
            self.waiters.remove(id)
            reaction.settle(id, .cancelled)
        }
        return reaction
    }

    /// A connection comes back.
    ///
    /// A lease that was returned before, or whose connection was taken away when the pool stopped, is ignored.
    mutating func released(
        _ lease: PoolLeaseID,
        _ condition: PoolReturnCondition,
        held: Int64?,
        now: PoolInstant
    ) -> PoolReaction {
        var reaction = PoolReaction()
        guard self.members.holds(lease) else {
            return reaction
        }
        let slot = lease.slot
        self.recordHold(held, since: self.members[slot].since, now: now)
        if self.members[slot].isLeakReported {
            reaction.reports.append(.leakReturned(self.description(of: slot, now: now)))
        }
        switch condition {
        case .usable: break
        case .broken: self.members[slot].isCondemned = true
        case .dropped:
            self.totals.reclaimed += 1
            self.members[slot].isCondemned = true
            reaction.reports.append(.leaseDropped(self.description(of: slot, now: now)))
        }
        if self.limits.mustReset, !self.mustLeave(slot, now: now) {
            self.members.enter(.resetting, slot, now: now)
            self.members[slot].deadline = now.advanced(by: self.limits.checkTimeout)
            self.note(self.members[slot].deadline)
            self.command(.reset(self.members.id(of: slot)))
        } else {
            self.makeAvailable(slot, now: now, &reaction)
        }
        return reaction
    }

    private mutating func lease(
        _ slot: Int,
        to owner: LeaseOwner,
        holder: TaskIdentity,
        now: PoolInstant
    ) -> PoolLeaseID {
        self.members.enter(.leased, slot, now: now)
        self.members[slot].lease = self.nextLease + 1
        self.members[slot].owner = owner
        self.members[slot].holder = holder
        self.members[slot].isLeakReported = false
        return self.lent(slot, now: now)
    }

    /// What all leases have in common.
    private mutating func lent(_ slot: Int, now: PoolInstant) -> PoolLeaseID {
        self.nextLease += 1
        self.totals.acquired += 1
        self.peakActive = max(self.peakActive, min(self.members.active, self.limits.maxSize))
        self.note(now.advanced(by: self.limits.leakDetectionThreshold))
        let tick = now.nanoseconds >> PoolTimings.tickBits
        let isTimed = tick != self.lastTimedTick
        self.lastTimedTick = tick
        return PoolLeaseID(slot: slot, serial: self.nextLease, isTimed: isTimed)
    }

    private mutating func recordHold(_ held: Int64?, since: PoolInstant, now: PoolInstant) {
        if let held {
            self.timings.held(held)
        } else {
            self.timings.heldAbout(now.nanoseconds(since: since))
        }
    }

    /// Gives a connection that is ready to whoever has waited longest, keeps it, or closes it when its time is over.
    mutating func makeAvailable(_ slot: Int, now: PoolInstant, _ reaction: inout PoolReaction) {
        if self.mustLeave(slot, now: now) {
            self.close(slot, now: now)
            self.startDials(now: now)
        } else if self.phase == .running, let head = self.waiters.head {
            self.serve(head, slot, now: now, &reaction)
        } else {
            self.members.enter(.idle, slot, now: now)
            self.members[slot].checkAt = now.advanced(by: self.limits.keepaliveInterval)
            self.note(self.members[slot].checkAt)
            self.note(now.advanced(by: self.limits.idleTimeout))
            self.note(self.members[slot].retireAt)
        }
    }

    mutating func serve(_ id: PoolWaiterID, _ slot: Int, now: PoolInstant, _ reaction: inout PoolReaction) {
        let waiter = self.waiters[id]
        self.waiters.remove(id)
        self.timings.waited(now.nanoseconds(since: waiter.since))
        reaction.settle(id, .leased(self.lease(slot, to: waiter.owner, holder: waiter.holder, now: now)))
    }

    /// Whether the connection has to go instead of being lent again.
    private func mustLeave(_ slot: Int, now: PoolInstant) -> Bool {
        switch self.phase {
        case .draining, .stopping, .closed: return true
        case .running, .suspended: break
        }
        return self.members[slot].isCondemned || self.members[slot].retireAt <= now
            || self.members.alive > self.limits.maxSize
    }

    // MARK: - Work for housekeeping

    mutating func command(_ command: PoolCommand) {
        self.commands.append(command)
    }

    /// Something falls due at `instant`.
    mutating func note(_ instant: PoolInstant) {
        if instant < self.nextDeadline {
            self.nextDeadline = instant
        }
    }

    /// Whether housekeeping must be woken for what the last event has left to do; true once until it has looked.
    mutating func takeWakeUp() -> Bool {
        guard self.armed != .distantPast, !self.commands.isEmpty || self.nextDeadline < self.armed else {
            return false
        }
        self.armed = .distantPast
        return true
    }

    /// The work since the last call, and until when housekeeping may sleep afterwards unless woken.
    mutating func takeCommands() -> (commands: [PoolCommand], sleepUntil: PoolInstant) {
        let commands = self.commands
        self.commands.removeAll(keepingCapacity: true)
        self.armed = self.nextDeadline
        return (commands, self.nextDeadline)
    }

    /// Starts finding the next deadline anew.
    mutating func forgetDeadlines() {
        self.nextDeadline = .distantFuture
    }
}
