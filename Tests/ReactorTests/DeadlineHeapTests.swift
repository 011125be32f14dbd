import TestSupport
import Testing

@testable import Reactor

@Suite("Deadline heap")
struct DeadlineHeapTests {
    private let start = ContinuousClock.now

    @Test func `entries leave by deadline, equal ones in the order they came`() {
        var heap = DeadlineHeap<String>()
        for (payload, milliseconds) in [("c", 3), ("a1", 1), ("b", 2), ("a2", 1)] {
            _ = heap.insert(payload, at: self.start + .milliseconds(milliseconds))
        }

        var left: [String] = []
        while let payload = heap.takeDue(at: self.start + .seconds(1), insertedBefore: .max) { left.append(payload) }

        #expect(left == ["a1", "a2", "b", "c"])
    }

    @Test func `an entry is not due before its deadline, and due at it`() {
        var heap = DeadlineHeap<Int>()
        _ = heap.insert(1, at: self.start + .milliseconds(5))

        #expect(heap.takeDue(at: self.start + .nanoseconds(4_999_999), insertedBefore: .max) == nil)
        #expect(heap.takeDue(at: self.start + .milliseconds(5), insertedBefore: .max) == 1)
    }

    @Test func `an entry inserted during a turn waits for the next one`() {
        var heap = DeadlineHeap<Int>()
        let bound = heap.nextSequence
        _ = heap.insert(1, at: self.start)

        #expect(heap.takeDue(at: self.start, insertedBefore: bound) == nil)
        #expect(heap.takeDue(at: self.start, insertedBefore: heap.nextSequence) == 1)
    }

    @Test func `an id does not cancel the entry that took over its slot`() {
        var heap = DeadlineHeap<String>()
        let old = heap.insert("old", at: self.start)
        #expect(heap.cancel(old) == "old")
        _ = heap.insert("new", at: self.start)

        #expect(heap.cancel(old) == nil)
        #expect(heap.count == 1)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `any sequence of operations agrees with a sorted list`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var heap = DeadlineHeap<Int>()
        var model: [(deadline: Int, payload: Int, id: TimerID)] = []
        for payload in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let deadline = Int.random(in: 0..<1000, using: &random)
                let id = heap.insert(payload, at: self.start + .milliseconds(deadline))
                model.append((deadline, payload, id))
            case 5..<8:
                guard let index = model.indices.randomElement(using: &random) else { continue }
                let removed = model.remove(at: index)
                #expect(heap.cancel(removed.id) == removed.payload)
                #expect(heap.cancel(removed.id) == nil)
            default:
                let now = Int.random(in: 0..<300, using: &random)
                let first = model.indices.min { (model[$0].deadline, $0) < (model[$1].deadline, $1) }
                let due = first.flatMap { model[$0].deadline <= now ? $0 : nil }
                let expected = due.map { model.remove(at: $0).payload }
                #expect(heap.takeDue(at: self.start + .milliseconds(now), insertedBefore: .max) == expected)
            }
            #expect(heap.count == model.count)
        }
    }
}
