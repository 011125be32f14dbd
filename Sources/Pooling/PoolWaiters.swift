/// A place in the queue of a pool.
struct PoolWaiterID: Sendable, Hashable {
    let index: Int
    /// Which of the waiters that have had this index.
    let serial: UInt64
}

/// The acquirers of a pool that found no connection, first come first served.
///
/// A doubly linked list in an array: appending, taking the first and removing any one cost the same however many wait,
/// and nothing is left behind by those removed.
struct PoolWaiters: Sendable {
    struct Waiter: Sendable {
        var serial: UInt64
        var owner: LeaseOwner
        var holder: TaskIdentity
        var since: PoolInstant
        var deadline: PoolInstant
        fileprivate var previous: Int32
        fileprivate var next: Int32
    }

    private var nodes: [Waiter] = []
    private var first: Int32 = -1
    private var last: Int32 = -1
    private var free: Int32 = -1
    private var nextSerial: UInt64 = 1
    private(set) var count = 0

    var isEmpty: Bool { self.first < 0 }

    var head: PoolWaiterID? { self.id(at: self.first) }

    subscript(id: PoolWaiterID) -> Waiter { self.nodes[id.index] }

    func contains(_ id: PoolWaiterID) -> Bool {
        self.nodes.indices.contains(id.index) && self.nodes[id.index].serial == id.serial
    }

    func next(after id: PoolWaiterID) -> PoolWaiterID? {
        self.id(at: self.nodes[id.index].next)
    }

    mutating func append(
        owner: LeaseOwner,
        holder: TaskIdentity,
        since: PoolInstant,
        deadline: PoolInstant
    ) -> PoolWaiterID {
        let waiter = Waiter(
            serial: self.nextSerial,
            owner: owner,
            holder: holder,
            since: since,
            deadline: deadline,
            previous: self.last,
            next: -1
        )
        self.nextSerial += 1
        let index: Int32
        if self.free >= 0 {
            index = self.free
            self.free = self.nodes[Int(index)].next
            self.nodes[Int(index)] = waiter
        } else {
            index = Int32(truncatingIfNeeded: self.nodes.count)
            self.nodes.append(waiter)
        }
        if self.last >= 0 {
            self.nodes[Int(self.last)].next = index
        } else {
            self.first = index
        }
        self.last = index
        self.count += 1
        return PoolWaiterID(index: Int(index), serial: waiter.serial)
    }

    mutating func remove(_ id: PoolWaiterID) {
        let (previous, next) = (self.nodes[id.index].previous, self.nodes[id.index].next)
        if previous >= 0 {
            self.nodes[Int(previous)].next = next
        } else {
            self.first = next
        }
        if next >= 0 {
            self.nodes[Int(next)].previous = previous
        } else {
            self.last = previous
        }
        // Serial 0 is never handed out: whoever still has the id of a removed waiter finds nobody.
        self.nodes[id.index].serial = 0
        self.nodes[id.index].owner = LeaseOwner("")
        self.nodes[id.index].next = self.free
        self.free = Int32(truncatingIfNeeded: id.index)
        self.count -= 1
    }

    private func id(at index: Int32) -> PoolWaiterID? {
        index < 0 ? nil : PoolWaiterID(index: Int(index), serial: self.nodes[Int(index)].serial)
    }
}
