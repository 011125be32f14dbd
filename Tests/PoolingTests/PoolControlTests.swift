import Concurrency
import Logging
import ServiceLifecycle
import Testing

@testable import Pooling

@Suite("Pool, controlled", .timeLimit(.minutes(1)))
struct PoolControlTests {
    @Test func `a suspended pool lends nothing until it is resumed`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 1, maxSize: 1))

        try await tested.whileRunning { pool in
            await tested.until { $0.idle == 1 }
            pool.suspend()
            let waiting = Task { try await pool.withConnection(owner: "patient", deadline: .distant) { $0.number } }
            await tested.until { $0.waiting == 1 }
            #expect(pool.snapshot.state == .suspended)
            pool.resume()

            let number = try await waiting.value
            #expect(number == 1)
        }
    }

    @Test func `waiting for a suspended pool ends with the reason`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 1, maxSize: 1))

        try await tested.whileRunning { pool in
            pool.suspend()
            let waiting = Task { try await pool.withConnection(owner: "patient", deadline: .distant) { $0.number } }
            await tested.until { $0.waiting == 1 }
            tested.clock.advance(by: .seconds(6))

            let error = await #expect(throws: PoolError.self) { try await waiting.value }
            #expect(error?.code == .suspended)
        }
    }

    @Test func `a drained pool has no connections and lends again when resumed`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 2, maxSize: 2))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("busy", until: done)
            await tested.until { $0.active == 1 && $0.idle == 1 }
            let draining = Task { await pool.drain(deadline: .distant) }
            await tested.until { $0.state == .draining && $0.idle == 0 }

            let error = await #expect(throws: PoolError.self) {
                try await pool.withConnection(owner: "late", deadline: .distant) { _ in }
            }
            #expect(error?.code == .draining)

            done.raise()
            let isEmpty = await draining.value
            #expect(isEmpty)
            #expect(tested.server.open == 0)
            try await holder

            pool.resume()
            await tested.until { $0.idle == 2 }
        }
    }

    @Test func `draining gives up at its deadline`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("busy", until: done)
            await tested.until { $0.active == 1 }

            let isEmpty = await pool.drain(deadline: .after(.zero))
            #expect(!isEmpty)

            done.raise()
            try await holder
            await tested.until { $0.active == 0 }
            #expect(tested.server.violations == 0)
        }
    }

    @Test func `evicted connections are replaced, lent ones when they come back`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 2, maxSize: 2))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("busy", until: done)
            await tested.until { $0.active == 1 && $0.idle == 1 }
            pool.evict()
            await tested.until { $0.totals.closed == 1 && $0.idle == 1 }
            #expect(tested.server.dials == 3)
            done.raise()
            try await holder
            await tested.until { $0.totals.closed == 2 && $0.idle == 2 }

            #expect(tested.server.dials == 4)
            #expect(tested.server.violations == 0)
        }
    }

    @Test func `what is lent above a lowered maximum is excess until it comes back`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 3))

        try await tested.whileRunning { pool in
            let (first, second) = (Signal(), Signal())
            async let one: Void = tested.hold("one", until: first)
            async let two: Void = tested.hold("two", until: second)
            await tested.until { $0.active == 2 }
            try pool.resize(min: 0, max: 1)

            #expect(pool.snapshot.active == 1)
            #expect(pool.snapshot.excess == 1)

            first.raise()
            try await one
            await tested.until { $0.excess == 0 && $0.active == 1 }
            second.raise()
            try await two
            #expect(tested.server.dials == 2)
        }
    }

    @Test func `a raised maximum serves those who wait`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("busy", until: done)
            await tested.until { $0.active == 1 }
            let waiting = Task { try await pool.withConnection(owner: "second", deadline: .distant) { $0.number } }
            await tested.until { $0.waiting == 1 }
            try pool.resize(min: 0, max: 2)

            let number = try await waiting.value
            #expect(number == 2)
            done.raise()
            try await holder
        }
    }

    @Test(arguments: [(-1, 5), (0, 0), (3, 2), (0, 1_000_000)])
    func `sizes that cannot be are refused`(min: Int, max: Int) {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        let error = #expect(throws: PoolError.self) { try tested.pool.resize(min: min, max: max) }

        #expect(error?.code == .invalidSize)
        #expect(tested.pool.snapshot.maxSize == 1)
    }

    @Test func `a stopped pool closes the connections of leases that do not come back`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))
        let done = Signal()
        let running = Task { try await tested.pool.run() }
        let holder = Task {
            try await tested.pool.withConnection(owner: "slow", deadline: .distant) { _ in await done.wait() }
        }
        await tested.until { $0.active == 1 }

        running.cancel()
        try await running.value

        #expect(tested.server.open == 0)
        #expect(tested.pool.snapshot.state == .closed)
        done.raise()
        try await holder.value
        #expect(tested.pool.snapshot.totals.closed == 1)
        let error = await #expect(throws: PoolError.self) {
            try await tested.pool.withConnection(owner: "late", deadline: .distant) { _ in }
        }
        #expect(error?.code == .closed)
    }

    @Test func `a gracefully stopped pool waits for its leases`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))
        let group = ServiceGroup(
            services: [tested.pool],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let done = Signal()
        async let running: Void = group.run()
        async let holder: Void = tested.hold("slow", until: done)
        await tested.until { $0.active == 1 }
        await group.triggerGracefulShutdown()
        await tested.until { $0.state == .draining }

        #expect(tested.server.open == 1)

        done.raise()
        try await holder
        try await running
        #expect(tested.server.open == 0)
        #expect(tested.server.violations == 0)
    }

    @Test func `a pool runs once`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            _ = try await pool.withConnection(owner: "test", deadline: .distant) { $0.number }
            let error = await #expect(throws: PoolError.self) { try await pool.run() }
            #expect(error?.code == .alreadyRunning)
        }
    }
}
