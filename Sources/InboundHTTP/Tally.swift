import Concurrency
import Synchronization

/// A count that can be waited on to reach zero.
final class Tally: Sendable {
    private let value = Atomic<Int>(0)
    private let isWatched = Atomic<Bool>(false)
    private let waiters = Locked<[CheckedContinuation<Void, Never>]>([])

    var count: Int { self.value.load(ordering: .relaxed) }

    func add() {
        self.value.add(1, ordering: .relaxed)
    }

    /// Returns the count before.
    @discardableResult
    func remove() -> Int {
        // In one order with the other side's write of `isWatched` and read of the count: one of both sees the other.
        let (before, now) = self.value.subtract(1, ordering: .sequentiallyConsistent)
        if now == 0, self.isWatched.load(ordering: .sequentiallyConsistent) { self.endWaiting() }
        return before
    }

    /// Returns when the count is zero, or `endWaiting` is called.
    func untilZero() async {
        self.isWatched.store(true, ordering: .sequentiallyConsistent)
        await withCheckedContinuation { waiter in
            let isZero = self.waiters.withLock { waiters in
                if self.value.load(ordering: .sequentiallyConsistent) == 0 { return true }
                waiters.append(waiter)
                return false
            }
            if isZero { waiter.resume() }
        }
    }

    /// Waits for zero, but not longer than `timeout` nor than the task lives.
    ///
    /// Returns whether zero was reached.
    func untilZero(atMost timeout: Duration) async -> Bool {
        await withTaskGroup { group in
            group.addTask { await self.untilZero() }
            group.addTask {
                // Ended early when the count has reached zero.
                try? await Task.sleep(for: timeout)
                self.endWaiting()
            }
            await group.next()
            group.cancelAll()
        }
        return self.count == 0
    }

    private func endWaiting() {
        let waiters = self.waiters.withLock { waiters in
            defer { waiters = [] }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
