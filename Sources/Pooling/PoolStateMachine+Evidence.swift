/// Who holds what, and why somebody gets nothing.
extension PoolStateMachine {
    /// How many holders an error names.
    private static let namedHolders = 5

    func refusal(_ code: PoolError.Code, holder: TaskIdentity = .unknown, now: PoolInstant) -> PoolRefusal {
        PoolRefusal(
            code: code,
            maxSize: self.limits.maxSize,
            active: min(self.members.active, self.limits.maxSize),
            waiting: self.waiters.count,
            connecting: self.members.connecting,
            holdings: Array(self.holdings(now: now).prefix(Self.namedHolders)),
            heldByItself: self.holding(of: holder, now: now),
            outage: self.outage
        )
    }

    /// The acquirer's deadline has come; the code tells what it has waited for.
    mutating func timeout(after waited: Int64, holder: TaskIdentity, now: PoolInstant) -> PoolRefusal {
        self.totals.timeouts += 1
        let code: PoolError.Code
        if self.phase == .suspended {
            code = .suspended
        } else if self.outage != nil, self.members.established == 0 {
            code = .connectFailed
        } else {
            code = .timeout
        }
        var refusal = self.refusal(code, holder: holder, now: now)
        refusal.waitedNanoseconds = waited
        return refusal
    }

    /// All leases, the longest first.
    func holdings(now: PoolInstant) -> [PoolHolding] {
        self.members.slots.indices
            .filter { self.members[$0].phase == .leased }
            .sorted { self.members[$0].since < self.members[$1].since }
            .map { self.description(of: $0, now: now) }
    }

    func description(of slot: Int, now: PoolInstant) -> PoolHolding {
        PoolHolding(
            connection: self.members.id(of: slot),
            owner: self.members[slot].owner,
            ageNanoseconds: now.nanoseconds(since: self.members[slot].since)
        )
    }

    func holding(of holder: TaskIdentity, now: PoolInstant) -> PoolHolding? {
        guard holder != .unknown else {
            return nil
        }
        return self.members.slots.firstIndex { $0.phase == .leased && $0.holder == holder }
            .map { self.description(of: $0, now: now) }
    }

    /// Whether this acquirer and everybody it would wait for wait for each other: every connection is held by a task
    /// that waits in this queue, and no other connection can come.
    func isDeadlock(holder: TaskIdentity) -> Bool {
        guard holder != .unknown, self.phase == .running, self.members.leased >= self.limits.maxSize,
            self.members.slots.contains(where: { $0.phase == .leased && $0.holder == holder })
        else {
            return false
        }
        var blocked: Set<TaskIdentity> = [holder]
        var next = self.waiters.head
        while let id = next {
            blocked.insert(self.waiters[id].holder)
            next = self.waiters.next(after: id)
        }
        return self.members.slots.allSatisfy { member in
            member.phase != .leased || (member.holder != .unknown && blocked.contains(member.holder))
        }
    }
}
