import Concurrency
import Logging
import Testing

@testable import Pooling

@Suite("Pool under real concurrency", .timeLimit(.minutes(2)))
struct PoolStressTests {
    @Test func `tasks that borrow, cancel, fail and discard lose no connection and share none`() async throws {
        let server = FakeServer()
        var settings = PoolSettings(minSize: 2, maxSize: 5)
        settings.acquireTimeout = .seconds(30)
        var logger = Logger(label: "pool")
        logger.logLevel = .critical
        let pool = FakePool(
            name: "stressed",
            kind: "fake",
            endpoint: "fake:1",
            settings: settings,
            driver: server.driver(),
            logger: logger
        )
        var outcomes = Outcomes()

        try await withThrowingTaskGroup(of: Void.self) { services in
            services.addTask { try await pool.run() }
            outcomes = await withTaskGroup(of: Outcomes.self) { group in
                for task in 0..<24 {
                    group.addTask { await self.borrow(pool, times: 200, seed: UInt64(task)) }
                }
                group.addTask { await self.disturb(pool, times: 50) }
                return await group.reduce(into: Outcomes()) { $0.add($1) }
            }
            let snapshot = pool.snapshot
            #expect(snapshot.active == 0)
            #expect(snapshot.waiting == 0)
            #expect(snapshot.totals.timeouts == 0)
            services.cancelAll()
            try await services.waitForAll()
        }

        #expect(server.violations == 0)
        #expect(server.mostOpen <= 5)
        #expect(server.open == 0)
        #expect(outcomes.finished > 2400)
        #expect(outcomes.cancelled > 0)
        let totals = pool.snapshot.totals
        #expect(totals.created == totals.closed)
        #expect(totals.created == UInt64(server.dials))
    }

    private struct Outcomes: Sendable {
        var finished = 0
        var cancelled = 0

        mutating func add(_ other: Self) {
            self.finished += other.finished
            self.cancelled += other.cancelled
        }
    }

    private func borrow(_ pool: FakePool, times: Int, seed: UInt64) async -> Outcomes {
        var random = SplitMix(state: seed)
        var outcomes = Outcomes()
        for _ in 0..<times {
            let ending = Int.random(in: 0..<10, using: &random)
            // Awaited below; a task of its own so that it can be cancelled alone.
            let borrower = Task { try await self.borrow(pool, ending: ending) }
            if ending == 1 {
                await Task.yield()
            }
            if ending <= 1 {
                borrower.cancel()
            }
            switch await borrower.result {
            case .success: outcomes.finished += 1
            case .failure(is CancellationError): outcomes.cancelled += 1
            case .failure(let error): Issue.record(error)
            }
        }
        return outcomes
    }

    private func disturb(_ pool: FakePool, times: Int) async -> Outcomes {
        for round in 0..<times {
            let counts = pool.snapshot
            #expect(counts.active + counts.idle + counts.connecting <= 5)
            if round % 10 == 0 {
                pool.evict()
            }
            pool.suspend()
            await Task.yield()
            pool.resume()
        }
        return Outcomes()
    }

    private func borrow(_ pool: FakePool, ending: Int) async throws {
        let deadline = Deadline.after(.seconds(30))
        switch ending {
        case 2:
            let lease = try await pool.acquire(owner: "discards", deadline: deadline)
            await lease.connection.use { await Task.yield() }
            lease.discard()
        case 3:
            let lease = try await pool.acquire(owner: "drops", deadline: deadline)
            await lease.connection.use { await Task.yield() }
        default:
            try await pool.withConnection(owner: "borrows", deadline: deadline) { connection in
                try await connection.use {
                    await Task.yield()
                    try Task.checkCancellation()
                }
            }
        }
    }
}
