import Concurrency
import Testing

@testable import Resilience

/// Counts who is inside.
private final class Occupancy: Sendable {
    private struct Counts {
        var inside = 0
        var most = 0
        var finished = 0
    }

    private let counts = Locked(Counts())

    func enter() {
        self.counts.withLock { counts in
            counts.inside += 1
            counts.most = max(counts.most, counts.inside)
        }
    }

    func leave() {
        self.counts.withLock { counts in
            counts.inside -= 1
            counts.finished += 1
        }
    }

    var most: Int { self.counts.withLock { $0.most } }
    var finished: Int { self.counts.withLock { $0.finished } }
}

@Suite struct `Limits of concurrency` {
    @Test func `never more than the maximum run and all get their turn`() async throws {
        let limit = ConcurrencyLimit(name: "test", maximum: 3, maximumWaiting: 100)
        let occupancy = Occupancy()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await limit.run(deadline: .after(.seconds(30))) {
                        occupancy.enter()
                        for _ in 0..<20 { await Task.yield() }
                        occupancy.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(occupancy.finished == 50)
        #expect(occupancy.most <= 3)
        #expect(limit.running == 0 && limit.waiting == 0)
    }

    @Test func `who finds no place to wait is refused at once`() async throws {
        let limit = ConcurrencyLimit(name: "test", maximum: 1, maximumWaiting: 0)
        try await limit.run(deadline: .after(.seconds(30))) {
            let error = await #expect(throws: ResilienceError.self) {
                try await limit.run(deadline: .after(.seconds(30))) {}
            }
            #expect(error?.code == .tooManyWaiting)
        }
        try await limit.run(deadline: .after(.seconds(30))) {}
    }

    @Test func `a wait ends at its deadline and leaves the queue`() async throws {
        let limit = ConcurrencyLimit(name: "test", maximum: 1, maximumWaiting: 5)
        try await limit.run(deadline: .after(.seconds(30))) {
            let error = await #expect(throws: ResilienceError.self) {
                try await limit.run(deadline: .after(.milliseconds(10))) {}
            }
            #expect(error?.code == .timedOut)
            #expect(limit.waiting == 0)
        }
    }

    @Test func `a cancelled wait ends with cancellation and leaves the queue`() async throws {
        let limit = ConcurrencyLimit(name: "test", maximum: 1, maximumWaiting: 5)
        try await limit.run(deadline: .after(.seconds(30))) {
            let waiter = Task { try await limit.run(deadline: .after(.seconds(30))) {} }  // awaited below
            while limit.waiting == 0 { await Task.yield() }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(limit.waiting == 0)
        }
        #expect(limit.running == 0)
    }

    @Test func `an error of the call frees its place`() async throws {
        struct Failed: Error {}
        let limit = ConcurrencyLimit(name: "test", maximum: 1, maximumWaiting: 0)
        await #expect(throws: Failed.self) { try await limit.run(deadline: .after(.seconds(1))) { throw Failed() } }
        #expect(limit.running == 0)
    }
}
