/// Deadlines of many things, kept in slots of a fixed length of time: setting, moving and removing one costs the same
/// however many there are, and one tick serves all.
///
/// Nothing fires early; a deadline fires at the first `advance` that reaches its tick.
struct TimerWheel<Element> {
    /// Names a deadline until it is removed.
    struct Token: Hashable, Sendable {
        fileprivate let index: Int32
    }

    private struct Entry {
        var element: Element?
        var due = 0
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var slots: [Int32]
    private(set) var now: Int

    init(slots: Int = 512, now: Int = 0) {
        self.slots = Array(repeating: -1, count: slots)
        self.now = now
    }

    var count: Int { self.entries.count - self.free.count }

    mutating func insert(_ element: Element, due: Int) -> Token {
        let index = self.free.popLast() ?? Int32(self.entries.count)
        if Int(index) == self.entries.count { self.entries.append(Entry()) }
        self.entries[Int(index)].element = element
        self.link(index, due: due)
        return Token(index: index)
    }

    mutating func move(_ token: Token, due: Int) {
        self.unlink(token.index)
        self.link(token.index, due: due)
    }

    mutating func remove(_ token: Token) {
        self.unlink(token.index)
        self.entries[Int(token.index)].element = nil
        self.free.append(token.index)
    }

    /// Moves time forward and takes out of their slots those whose time has come; each must be moved or removed.
    mutating func advance(to now: Int) -> [(element: Element, token: Token)] {
        guard now > self.now else { return [] }
        var due: [(element: Element, token: Token)] = []
        // One turn of the wheel meets every slot.
        let first = max(self.now + 1, now - self.slots.count + 1)
        self.now = now
        for tick in first...now {
            var index = self.slots[tick % self.slots.count]
            while index >= 0 {
                let entry = self.entries[Int(index)]
                if entry.due <= now, let element = entry.element {
                    self.unlink(index)
                    due.append((element, Token(index: index)))
                }
                index = entry.next
            }
        }
        return due
    }

    private mutating func link(_ index: Int32, due: Int) {
        let due = max(due, self.now + 1)
        let slot = due % self.slots.count
        let head = self.slots[slot]
        self.entries[Int(index)].due = due
        self.entries[Int(index)].previous = -1
        self.entries[Int(index)].next = head
        if head >= 0 { self.entries[Int(head)].previous = index }
        self.slots[slot] = index
    }

    private mutating func unlink(_ index: Int32) {
        let entry = self.entries[Int(index)]
        // Already taken out by `advance`.
        if entry.due < 0 { return }
        if entry.previous >= 0 {
            self.entries[Int(entry.previous)].next = entry.next
        } else {
            self.slots[entry.due % self.slots.count] = entry.next
        }
        if entry.next >= 0 { self.entries[Int(entry.next)].previous = entry.previous }
        self.entries[Int(index)].due = -1
    }
}
