/// One place for a connection and what is known of the connection in it.
struct PoolMember: Sendable {
    enum Phase: UInt8, Sendable, Hashable, CaseIterable {
        /// No connection. → connecting
        case vacant
        /// Being opened. → idle, leased, closing, abandoned, vacant
        case connecting
        /// Still being opened, though nobody wants it any more. → closing, vacant
        case abandoned
        /// Free. → leased, checking, closing
        case idle
        /// Asked whether it is alive. → idle, leased, closing
        case checking
        /// Lent. → idle, leased, resetting, closing
        case leased
        /// Back, but not yet fit for the next borrower. → idle, leased, closing
        case resetting
        /// → vacant
        case closing
    }

    fileprivate(set) var phase = Phase.vacant
    fileprivate(set) var incarnation: UInt32 = 0
    /// When the phase began.
    fileprivate(set) var since = PoolInstant.distantPast
    /// When the driver's work in this phase is interrupted.
    var deadline = PoolInstant.distantFuture
    var isInterrupted = false
    /// Set when the connection must not be used again after what it is doing now.
    var isCondemned = false
    var retireAt = PoolInstant.distantFuture
    var checkAt = PoolInstant.distantFuture
    var lease: UInt64 = 0
    var owner = LeaseOwner("")
    var holder = TaskIdentity.unknown
    var isLeakReported = false
    /// While being checked: when the connection became idle.
    var unusedSince = PoolInstant.distantPast
    fileprivate var hotter: Int32 = -1
    fileprivate var colder: Int32 = -1

    /// Returns the next colder member.
    fileprivate mutating func lend(
        _ lease: UInt64,
        to owner: LeaseOwner,
        holder: TaskIdentity,
        now: PoolInstant
    ) -> Int32 {
        self.phase = .leased
        self.since = now
        self.isInterrupted = false
        self.isLeakReported = false
        self.lease = lease
        self.owner = owner
        self.holder = holder
        return self.colder
    }

    fileprivate mutating func takeBack(
        _ lease: UInt64,
        now: PoolInstant,
        checkAt: PoolInstant,
        colder: Int32
    ) -> (since: PoolInstant, retireAt: PoolInstant)? {
        guard self.phase == .leased, self.lease == lease, !self.isCondemned, !self.isLeakReported, now < self.retireAt
        else {
            return nil
        }
        let since = self.since
        self.phase = .idle
        self.since = now
        self.checkAt = checkAt
        self.hotter = -1
        self.colder = colder
        return (since, self.retireAt)
    }
}

/// All places of a pool, the counts of their phases, and the idle ones ordered by last use.
///
/// The connection used last is lent first, so that the others cool down and can be retired.
struct PoolMembers: Sendable {
    private(set) var slots: [PoolMember]
    private var hottest: Int32 = -1
    private var coldest: Int32 = -1
    private(set) var idle = 0
    private(set) var connecting = 0
    private(set) var checking = 0
    private(set) var leased = 0
    private(set) var resetting = 0
    /// Closing and abandoned ones: gone for the pool, not yet for the server.
    private(set) var leaving = 0

    init(capacity: Int) {
        self.slots = Array(repeating: PoolMember(), count: capacity)
    }

    /// Connections the pool can count on now or soon.
    var alive: Int { self.idle + self.connecting + self.checking + self.leased + self.resetting }
    /// Connections the server may know of.
    var occupied: Int { self.alive + self.leaving }
    /// Connections that exist; any of them may become free.
    var established: Int { self.idle + self.checking + self.leased + self.resetting }
    /// Lent or not yet recovered from it.
    var active: Int { self.leased + self.resetting }

    var firstIdle: Int? { self.hottest < 0 ? nil : Int(self.hottest) }
    var lastIdle: Int? { self.coldest < 0 ? nil : Int(self.coldest) }

    /// The idle connection used next after the one in `slot`, towards the more recently used.
    func idleHotter(than slot: Int) -> Int? {
        let next = self.slots[slot].hotter
        return next < 0 ? nil : Int(next)
    }

    subscript(slot: Int) -> PoolMember {
        _read { yield self.slots[slot] }
        _modify { yield &self.slots[slot] }
    }

    func id(of slot: Int) -> PoolConnectionID {
        PoolConnectionID(slot: slot, incarnation: self.slots[slot].incarnation)
    }

    func contains(_ id: PoolConnectionID) -> Bool {
        self.slots.indices.contains(id.slot) && self.slots[id.slot].incarnation == id.incarnation
            && self.slots[id.slot].phase != .vacant
    }

    func holds(_ lease: PoolLeaseID) -> Bool {
        self.slots.indices.contains(lease.slot) && self.slots[lease.slot].phase == .leased
            && self.slots[lease.slot].lease == lease.serial
    }

    mutating func grow(to capacity: Int) {
        while self.slots.count < capacity {
            self.slots.append(PoolMember())
        }
    }

    /// Takes a vacant place for a new connection; nil when every place is taken.
    mutating func begin(now: PoolInstant, deadline: PoolInstant) -> Int? {
        guard let slot = self.slots.firstIndex(where: { $0.phase == .vacant }) else {
            return nil
        }
        let incarnation = self.slots[slot].incarnation &+ 1
        self.slots[slot] = PoolMember()
        self.slots[slot].incarnation = incarnation
        self.slots[slot].deadline = deadline
        self.enter(.connecting, slot, now: now)
        return slot
    }

    mutating func enter(_ phase: PoolMember.Phase, _ slot: Int, now: PoolInstant) {
        self.count(self.slots[slot].phase, by: -1)
        self.count(phase, by: 1)
        if self.slots[slot].phase == .idle {
            self.unlink(slot)
        }
        if phase == .idle {
            self.linkHottest(slot)
        }
        self.slots[slot].phase = phase
        self.slots[slot].since = now
        self.slots[slot].isInterrupted = false
    }

    /// Makes an idle connection as old as it was before it was checked, and the first to be retired.
    mutating func backdate(_ slot: Int, to since: PoolInstant) {
        self.slots[slot].since = since
        self.unlink(slot)
        self.linkColdest(slot)
    }

    /// `enter(.leased)` for the connection used last, in one go because most leases come this way.
    mutating func lendHottest(_ lease: UInt64, to owner: LeaseOwner, holder: TaskIdentity, now: PoolInstant) -> Int? {
        guard self.hottest >= 0 else {
            return nil
        }
        let slot = Int(self.hottest)
        let next = self.slots[slot].lend(lease, to: owner, holder: holder, now: now)
        self.hottest = next
        if next >= 0 {
            self.slots[Int(next)].hotter = -1
        } else {
            self.coldest = -1
        }
        self.idle -= 1
        self.leased += 1
        return slot
    }

    /// `enter(.idle)` for a lent connection with nothing against lending it again; nil when there is, or the lease is
    /// not the present one.
    ///
    /// Returns when it was lent and when its life ends.
    mutating func takeBack(
        _ lease: PoolLeaseID,
        now: PoolInstant,
        checkAt: PoolInstant
    ) -> (since: PoolInstant, retireAt: PoolInstant)? {
        guard lease.slot < self.slots.count,
            let times = self.slots[lease.slot].takeBack(lease.serial, now: now, checkAt: checkAt, colder: self.hottest)
        else {
            return nil
        }
        let link = Int32(truncatingIfNeeded: lease.slot)
        if self.hottest >= 0 {
            self.slots[Int(self.hottest)].hotter = link
        } else {
            self.coldest = link
        }
        self.hottest = link
        self.leased -= 1
        self.idle += 1
        return times
    }

    private mutating func count(_ phase: PoolMember.Phase, by change: Int) {
        switch phase {
        case .vacant: break
        case .connecting: self.connecting += change
        case .abandoned, .closing: self.leaving += change
        case .idle: self.idle += change
        case .checking: self.checking += change
        case .leased: self.leased += change
        case .resetting: self.resetting += change
        }
    }

    private mutating func linkHottest(_ slot: Int) {
        let link = Int32(truncatingIfNeeded: slot)
        self.slots[slot].colder = self.hottest
        self.slots[slot].hotter = -1
        if self.hottest >= 0 {
            self.slots[Int(self.hottest)].hotter = link
        } else {
            self.coldest = link
        }
        self.hottest = link
    }

    private mutating func linkColdest(_ slot: Int) {
        let link = Int32(truncatingIfNeeded: slot)
        self.slots[slot].hotter = self.coldest
        self.slots[slot].colder = -1
        if self.coldest >= 0 {
            self.slots[Int(self.coldest)].colder = link
        } else {
            self.hottest = link
        }
        self.coldest = link
    }

    private mutating func unlink(_ slot: Int) {
        let (hotter, colder) = (self.slots[slot].hotter, self.slots[slot].colder)
        if hotter >= 0 {
            self.slots[Int(hotter)].colder = colder
        } else {
            self.hottest = colder
        }
        if colder >= 0 {
            self.slots[Int(colder)].hotter = hotter
        } else {
            self.coldest = hotter
        }
    }
}
