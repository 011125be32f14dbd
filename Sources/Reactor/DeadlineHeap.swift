/// Names one scheduled timer; a stale one is recognised, because a slot used again gets a new generation.
package struct TimerID: Sendable, Hashable {
    fileprivate let slot: Int
    fileprivate let generation: UInt32
}

/// A binary heap of deadlines: insert, cancel and take cost O(log n), equal deadlines leave in the order they came.
///
/// Each entry has a slot that knows its place in the heap, so that cancelling needs no search and leaves nothing behind.
struct DeadlineHeap<Payload> {
    private struct Slot {
        var generation: UInt32 = 0
        var entry: Entry?
    }

    private struct Entry {
        let deadline: ContinuousClock.Instant
        let sequence: UInt64
        let payload: Payload
        var position: Int

        func isBefore(_ other: Self) -> Bool {
            (self.deadline, self.sequence) < (other.deadline, other.sequence)
        }
    }

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var heap: [Int] = []

    /// How many entries were ever inserted: an entry inserted from now on has at least this sequence.
    private(set) var nextSequence: UInt64 = 0

    var count: Int { self.heap.count }

    var earliest: ContinuousClock.Instant? {
        guard let root = self.heap.first else { return nil }
        return self.slots[root].entry?.deadline
    }

    mutating func insert(_ payload: Payload, at deadline: ContinuousClock.Instant) -> TimerID {
        let slot: Int
        if let free = self.freeSlots.popLast() {
            slot = free
        } else {
            slot = self.slots.count
            self.slots.append(Slot())
        }
        self.slots[slot].entry = Entry(
            deadline: deadline,
            sequence: self.nextSequence,
            payload: payload,
            position: self.heap.count
        )
        self.nextSequence += 1
        self.heap.append(slot)
        self.siftUp(self.heap.count - 1)
        return TimerID(slot: slot, generation: self.slots[slot].generation)
    }

    /// Takes the entry out and returns its payload, for the caller to release where it likes; nil when it already left.
    mutating func cancel(_ id: TimerID) -> Payload? {
        guard self.slots.indices.contains(id.slot), self.slots[id.slot].generation == id.generation else { return nil }
        return self.remove(slot: id.slot)
    }

    /// Takes the earliest entry whose deadline is not after `now`, unless it was inserted at or after `sequence`.
    ///
    /// The bound lets a caller end its turn although handlers keep inserting entries that are already due.
    mutating func takeDue(at now: ContinuousClock.Instant, insertedBefore sequence: UInt64) -> Payload? {
        guard let root = self.heap.first, let entry = self.slots[root].entry else { return nil }
        guard entry.deadline <= now, entry.sequence < sequence else { return nil }
        return self.remove(slot: root)
    }

    /// Empties the heap and returns what was in it.
    mutating func removeAll() -> [Payload] {
        var payloads: [Payload] = []
        while let root = self.heap.first, let payload = self.remove(slot: root) {
            payloads.append(payload)
        }
        return payloads
    }

    private mutating func remove(slot: Int) -> Payload? {
        guard let entry = self.slots[slot].entry else { return nil }
        self.slots[slot].entry = nil
        self.slots[slot].generation &+= 1
        self.freeSlots.append(slot)

        let last = self.heap.count - 1
        if entry.position != last {
            self.swap(entry.position, last)
            self.heap.removeLast()
            self.siftDown(entry.position)
            self.siftUp(entry.position)
        } else {
            self.heap.removeLast()
        }
        return entry.payload
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.isBefore(child, parent) else { return }
            self.swap(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            let left = 2 * parent + 1
            let right = left + 1
            var first = parent
            if left < self.heap.count, self.isBefore(left, first) { first = left }
            if right < self.heap.count, self.isBefore(right, first) { first = right }
            guard first != parent else { return }
            self.swap(first, parent)
            parent = first
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        guard let first = self.slots[self.heap[left]].entry, let second = self.slots[self.heap[right]].entry else {
            return false
        }
        return first.isBefore(second)
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        self.heap.swapAt(left, right)
        self.slots[self.heap[left]].entry?.position = left
        self.slots[self.heap[right]].entry?.position = right
    }
}
