import Testing

@testable import Pooling

/// A pool's machine together with the tasks, connections and driver calls it decides about.
///
/// Knows from the outside what must hold, whatever happens in which order, and checks it after each event.
struct PoolModel {
    /// What one task is doing.
    enum Borrower: Hashable {
        case away
        case waiting(PoolWaiterID)
        case holding(PoolLeaseID)
    }

    enum Event: Hashable {
        case acquire(Int)
        case cancel(Int)
        case release(Int, PoolReturnCondition)
        case releaseAgain
        case dialSucceeds(Int)
        case dialFails(Int)
        case checkEnds(Int, ok: Bool)
        case resetEnds(Int, ok: Bool)
        case closeEnds(Int)
        case connectionDies(Int)
        case nextDeadline
        case suspend
        case resume
        case drain
        case evict
        case resize(Int)
        case stop
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    struct Refusal: Error {}

    private(set) var machine: PoolStateMachine
    private(set) var now = PoolInstant(nanoseconds: 0)
    private(set) var borrowers: [Borrower]
    /// The waiting borrowers in the order they came, kept apart from the machine's own queue.
    private(set) var queue: [Int] = []
    private(set) var lastReturned: PoolLeaseID?
    /// By slot: what the driver has been asked to do and has not finished.
    private(set) var work: [Int: PoolCommand] = [:]
    /// Slots with a connection the server knows of.
    private(set) var open: Set<Int> = []
    /// The largest maximum there was while connections of it may still exist.
    private var bound: Int
    private let acquireTimeout: Int64
    private(set) var served = 0
    /// What the machine's histograms are set back to after each event, so that copies of the model share them.
    private static let noTimings = PoolTimings()

    init(limits: PoolLimits, borrowers: Int, acquireTimeout: Int64) {
        self.machine = PoolStateMachine(limits: limits, now: self.now)
        self.borrowers = Array(repeating: .away, count: borrowers)
        self.acquireTimeout = acquireTimeout
        self.bound = limits.maxSize
    }

    // MARK: - Events

    /// All events that can happen now, of those asked for.
    func possibleEvents(operators: Bool) -> [Event] {
        var events: [Event] = []
        for (index, borrower) in self.borrowers.enumerated() {
            switch borrower {
            case .away: events.append(.acquire(index))
            case .waiting: events.append(.cancel(index))
            case .holding:
                events += [.release(index, .usable), .release(index, .broken), .release(index, .dropped)]
            }
        }
        if self.lastReturned != nil {
            events.append(.releaseAgain)
        }
        for (slot, command) in self.work.sorted(by: { $0.key < $1.key }) {
            switch command {
            case .connect: events += [.dialSucceeds(slot), .dialFails(slot)]
            case .check: events += [.checkEnds(slot, ok: true), .checkEnds(slot, ok: false)]
            case .reset: events += [.resetEnds(slot, ok: true), .resetEnds(slot, ok: false)]
            case .close: events.append(.closeEnds(slot))
            case .interrupt: break
            }
        }
        events += self.open.sorted().map { .connectionDies($0) }
        if self.machine.nextDeadline != .distantFuture {
            events.append(.nextDeadline)
        }
        if operators {
            let most = self.machine.limits.maxSize
            events += [.suspend, .resume, .drain, .evict, .stop, .resize(most + 1)]
            if most > 1 {
                events.append(.resize(most - 1))
            }
        }
        return events
    }

    /// Performs `event`, with `random` for the jitter.
    ///
    /// Throws when a promise is broken.
    mutating func perform(_ event: Event, random: Double) throws {
        switch event {
        case .acquire(let index): self.acquire(index)
        case .cancel(let index):
            guard case .waiting(let id) = self.borrowers[index] else { return }
            try self.apply(self.machine.waiterCancelled(id))
        case .release(let index, let condition):
            guard case .holding(let lease) = self.borrowers[index] else { return }
            self.borrowers[index] = .away
            self.lastReturned = lease
            // As the pool does: the short way first.
            if condition != .usable || !self.machine.returnIdle(lease, held: nil, now: self.now) {
                try self.apply(self.machine.released(lease, condition, held: nil, now: self.now))
            }
        case .releaseAgain:
            guard let lease = self.lastReturned else { return }
            self.lastReturned = nil
            let before = self.machine.counts
            try self.require(!self.machine.returnIdle(lease, held: nil, now: self.now), "a lease was returned twice")
            try self.apply(self.machine.released(lease, .usable, held: nil, now: self.now))
            try self.require(before == self.machine.counts, "a lease returned twice changed something")
        case .dialSucceeds(let slot):
            self.work[slot] = nil
            self.open.insert(slot)
            try self.apply(self.machine.dialSucceeded(self.machine.members.id(of: slot), now: self.now, random: random))
        case .dialFails(let slot):
            self.work[slot] = nil
            let id = self.machine.members.id(of: slot)
            try self.apply(self.machine.dialFailed(id, error: Refusal(), now: self.now, random: random))
        case .checkEnds(let slot, let ok):
            self.work[slot] = nil
            let id = self.machine.members.id(of: slot)
            try self.apply(self.machine.checkFinished(id, error: ok ? nil : Refusal(), now: self.now))
        case .resetEnds(let slot, let ok):
            self.work[slot] = nil
            let id = self.machine.members.id(of: slot)
            try self.apply(self.machine.resetFinished(id, error: ok ? nil : Refusal(), now: self.now))
        case .closeEnds(let slot):
            self.work[slot] = nil
            self.open.remove(slot)
            try self.apply(self.machine.closeFinished(self.machine.members.id(of: slot), now: self.now))
        case .connectionDies(let slot):
            try self.apply(self.machine.connectionFailed(self.machine.members.id(of: slot), now: self.now))
        case .nextDeadline:
            self.now = max(self.now, self.machine.nextDeadline)
            try self.apply(self.machine.timePassed(now: self.now))
        default: try self.operate(event)
        }
        self.machine.timings = Self.noTimings
        try self.takeCommands()
        try self.checkInvariants()
    }

    /// Ends everything that is under way, gives everything back and lets time pass, as often as it takes.
    ///
    /// Throws when somebody still waits afterwards.
    mutating func settle() throws {
        try self.perform(.resume, random: 0)
        for _ in 0..<1000 {
            if let event = self.possibleEvents(operators: false).first(where: \.isProgress) {
                try self.perform(event, random: 0)
            } else if !self.queue.isEmpty {
                try self.perform(.nextDeadline, random: 0)
            } else {
                return
            }
        }
        throw Violation(description: "tasks \(self.queue) are never served")
    }

    private mutating func operate(_ event: Event) throws {
        switch event {
        case .suspend: self.machine.suspend()
        case .resume: try self.apply(self.machine.resume(now: self.now))
        case .drain: try self.apply(self.machine.drain(now: self.now))
        case .evict: self.machine.evict(now: self.now)
        case .resize(let size):
            self.bound = max(self.bound, size)
            let reaction = self.machine.resize(
                min: min(self.machine.limits.minSize, size),
                max: size,
                now: self.now
            )
            try self.apply(reaction)
        case .stop: try self.apply(self.machine.stop(end: self.now.advanced(by: self.acquireTimeout), now: self.now))
        default: break
        }
    }

    private mutating func acquire(_ index: Int) {
        let owner = LeaseOwner("task \(index)")
        let holder = TaskIdentity(forTesting: UInt(index + 1))
        if let lease = self.machine.leaseIdle(owner: owner, holder: holder, now: self.now) {
            self.borrowers[index] = .holding(lease)
            return
        }
        let decision = self.machine.acquire(
            owner: owner,
            holder: holder,
            deadline: self.now.advanced(by: self.acquireTimeout),
            now: self.now
        )
        switch decision {
        case .leased(let lease): self.borrowers[index] = .holding(lease)
        case .waiting(let id):
            self.borrowers[index] = .waiting(id)
            self.queue.append(index)
        case .refused: break
        }
    }

    private mutating func apply(_ reaction: PoolReaction) throws {
        let settlements = (reaction.settlement.map { [$0] } ?? []) + reaction.furtherSettlements
        for settlement in settlements {
            guard let index = self.borrowers.firstIndex(of: .waiting(settlement.waiter)) else {
                throw Violation(description: "settled \(settlement.waiter), who does not wait")
            }
            switch settlement.result {
            case .leased(let lease):
                try self.require(self.queue.first == index, "task \(index) served before \(self.queue)")
                self.borrowers[index] = .holding(lease)
                self.served += 1
            case .refused, .cancelled: self.borrowers[index] = .away
            }
            self.queue.removeAll { $0 == index }
        }
        for report in reaction.reports {
            // Whose connection was taken holds a lease that is worth nothing; returning it must change nothing.
            if case .connectionTaken(let holding) = report,
                let index = self.borrowers.firstIndex(where: { borrower in
                    if case .holding(let lease) = borrower { lease.slot == holding.connection.slot } else { false }
                })
            {
                self.borrowers[index] = .away
            }
        }
    }

    private mutating func takeCommands() throws {
        for command in self.machine.takeCommands().commands {
            switch command {
            case .connect(let id, _):
                try self.require(
                    self.work[id.slot] == nil && !self.open.contains(id.slot),
                    "dialled into \(id), in use"
                )
                self.work[id.slot] = command
            case .check(let id, _), .reset(let id), .close(let id):
                try self.require(self.work[id.slot] == nil, "\(command) while \(self.work[id.slot] as Any)")
                try self.require(self.open.contains(id.slot), "\(command) without a connection")
                self.work[id.slot] = command
            case .interrupt: break
            }
        }
    }

    // MARK: - What must hold

    private func checkInvariants() throws {
        let counts = self.machine.counts
        let members = self.machine.members
        try self.require(
            counts.active + counts.idle + counts.connecting <= self.machine.limits.maxSize,
            "counters above the maximum: \(counts)"
        )
        try self.require(counts.active >= 0 && counts.idle >= 0 && counts.connecting >= 0, "negative: \(counts)")
        try self.require(
            self.open.union(self.work.keys).count <= self.bound,
            "\(self.open.count) connections, \(self.bound) allowed"
        )
        var phases: [PoolMember.Phase: Int] = [:]
        for member in members.slots {
            phases[member.phase, default: 0] += 1
        }
        try self.require(
            members.idle == phases[.idle, default: 0] && members.leased == phases[.leased, default: 0]
                && members.connecting == phases[.connecting, default: 0]
                && members.checking == phases[.checking, default: 0]
                && members.resetting == phases[.resetting, default: 0]
                && members.leaving == phases[.closing, default: 0] + phases[.abandoned, default: 0],
            "counters differ from the members: \(phases)"
        )
        try self.require(
            self.machine.totals.created == self.machine.totals.closed + UInt64(members.established),
            "created and closed do not add up: \(self.machine.totals)"
        )
        try self.checkBorrowers()
        try self.checkQueue()
        try self.checkIdleList()
    }

    private func checkBorrowers() throws {
        var held: Set<Int> = []
        for case .holding(let lease) in self.borrowers {
            try self.require(held.insert(lease.slot).inserted, "slot \(lease.slot) lent twice")
            try self.require(self.machine.members.holds(lease), "\(lease) held, not lent")
            try self.require(self.open.contains(lease.slot), "\(lease) without a connection")
            try self.require(self.work[lease.slot] == nil, "\(lease) lent while the driver is at work on it")
        }
        try self.require(held.count == self.machine.members.leased, "lent to nobody")
    }

    private func checkQueue() throws {
        try self.require(self.queue.count == self.machine.waiters.count, "a waiter is forgotten")
        var next = self.machine.waiters.head
        for index in self.queue {
            guard let id = next else {
                throw Violation(description: "the queue ends early")
            }
            try self.require(self.borrowers[index] == .waiting(id), "the queue is out of order")
            next = self.machine.waiters.next(after: id)
        }
        if self.machine.phase == .running, !self.queue.isEmpty {
            try self.require(self.machine.members.idle == 0, "somebody waits beside an idle connection")
            let isHopeless =
                self.machine.members.occupied == 0 && self.machine.nextDeadline == .distantFuture
            try self.require(!isHopeless, "somebody waits for nothing")
        }
        for case .waiting(let id) in self.borrowers {
            try self.require(self.machine.nextDeadline <= self.machine.waiters[id].deadline, "a deadline is forgotten")
        }
    }

    private func checkIdleList() throws {
        var listed: [Int] = []
        var next = self.machine.members.lastIdle
        while let slot = next, listed.count <= self.machine.members.slots.count {
            listed.append(slot)
            next = self.machine.members.idleHotter(than: slot)
        }
        try self.require(listed.last == self.machine.members.firstIdle, "the list of idle ones is torn")
        try self.require(
            Set(listed) == Set(self.machine.members.slots.indices.filter { self.machine.members[$0].phase == .idle }),
            "the list of idle ones is \(listed)"
        )
    }

    private func require(_ holds: Bool, _ violation: @autoclosure () -> String) throws {
        if !holds {
            throw Violation(description: violation())
        }
    }
}

extension PoolModel.Event {
    /// Whether this ends something with the best possible outcome.
    fileprivate var isProgress: Bool {
        switch self {
        case .release(_, .usable), .dialSucceeds, .checkEnds(_, true), .resetEnds(_, true), .closeEnds: true
        default: false
        }
    }
}

extension PoolModel {
    /// Everything the future depends on, times relative to now: equal fingerprints, equal futures.
    ///
    /// Holds for limits without idle timeout, lifetime, checks and leak detection, which depend on more.
    var fingerprint: [Int] {
        var print: [Int] = [self.bound, self.machine.limits.maxSize, self.machine.connectLimit]
        switch self.machine.phase {
        case .running: print.append(0)
        case .suspended: print.append(1)
        case .draining: print.append(2)
        case .stopping(let end): print += [3, self.relative(end)]
        case .closed: print.append(4)
        }
        for borrower in self.borrowers {
            switch borrower {
            case .away: print.append(-1)
            case .waiting(let id): print += [-2, self.relative(self.machine.waiters[id].deadline)]
            case .holding(let lease): print.append(lease.slot)
            }
        }
        print += [-3] + self.queue + [-4, self.lastReturned == nil ? 0 : 1]
        for (slot, member) in self.machine.members.slots.enumerated() {
            print += [Int(member.phase.rawValue), member.isCondemned ? 1 : 0, member.isInterrupted ? 1 : 0]
            print.append(self.work[slot] == nil ? 0 : 1)
            print.append(self.open.contains(slot) ? 1 : 0)
            if self.work[slot] != nil {
                print.append(self.relative(member.deadline))
            }
            if member.phase == .connecting, let outage = self.machine.outage {
                print.append(member.since >= outage.lastFailureAt ? 1 : 0)
            }
        }
        print.append(self.machine.members.firstIdle ?? -1)
        if let outage = self.machine.outage {
            print += [
                self.relative(outage.since), self.relative(outage.lastFailureAt), self.relative(outage.retryAt),
                min(outage.failuresInARow, 2), outage.isProbeWanted ? 1 : 0,
            ]
        }
        print.append(self.relative(self.machine.nextDeadline))
        return print
    }

    /// Clipped: what is further away than any limit of an exploration makes no difference any more.
    private func relative(_ instant: PoolInstant) -> Int {
        instant == .distantFuture ? 1000 : Int(max(-10, instant.nanoseconds(since: self.now)))
    }
}
