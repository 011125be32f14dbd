import Concurrency
import Testing

@testable import Pooling

@Suite("Pool", .timeLimit(.minutes(1)))
struct PoolTests {
    private func settings(min: Int = 0, max: Int = 2, _ change: (inout PoolSettings) -> Void = { _ in }) -> PoolSettings
    {
        var settings = PoolSettings(minSize: min, maxSize: max)
        settings.connectBackoffBase = .milliseconds(1)
        change(&settings)
        return settings
    }

    @Test func `a connection is opened on demand and lent again`() async throws {
        let tested = RunningPool(settings())

        try await tested.whileRunning { pool in
            let first = try await pool.withConnection(owner: "test", deadline: .distant) { $0 }
            let second = try await pool.withConnection(owner: "test", deadline: .distant) { $0 }

            #expect(first == second)
            #expect(tested.server.dials == 1)
            #expect(pool.snapshot.totals.acquired == 2)
        }

        #expect(tested.server.open == 0)
        #expect(tested.pool.snapshot.state == .closed)
    }

    @Test func `a pool fills itself to the minimum`() async throws {
        let tested = RunningPool(settings(min: 3, max: 5))

        try await tested.whileRunning { _ in
            await tested.until { $0.idle == 3 }

            #expect(tested.server.dials == 3)
        }
    }

    @Test func `an acquirer that comes before the pool runs waits for it`() async throws {
        let tested = RunningPool(settings())

        let early = Task { try await tested.pool.withConnection(owner: "early", deadline: .distant) { $0.number } }
        await tested.until { $0.waiting == 1 }
        try await tested.whileRunning { _ in
            let number = try await early.value
            #expect(number == 1)
        }
    }

    @Test func `an acquirer whose deadline comes before the pool runs is told so`() async throws {
        let tested = RunningPool(settings())

        let early = Task { try await tested.pool.withConnection(owner: "early", deadline: .distant) { $0.number } }
        await tested.until { $0.waiting == 1 }
        tested.clock.advance(by: .seconds(6))

        let error = await #expect(throws: PoolError.self) { try await early.value }
        #expect(error?.code == .timeout)
        #expect(tested.pool.snapshot.waiting == 0)
    }

    @Test func `a timeout names who holds the connections`() async throws {
        let tested = RunningPool(settings(max: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.pool.withConnection(
                owner: LeaseOwner("audit.append", requestID: "r-17"),
                deadline: .distant
            ) { _ in await done.wait() }
            await tested.until { $0.active == 1 }
            let late = Task { try await pool.withConnection(owner: "late", deadline: .distant) { $0.number } }
            await tested.until { $0.waiting == 1 }
            tested.clock.advance(by: .seconds(7))

            let error = await #expect(throws: PoolError.self) { try await late.value }
            #expect(error?.code == .timeout)
            #expect(error?.message.contains("audit.append (request r-17) for 7.000 s") == true)
            #expect(error?.holders.map(\.owner) == ["audit.append"])
            #expect(error?.holders.first?.requestID == "r-17")

            done.raise()
            try await holder
        }
    }

    @Test func `a waiter gets the connection that comes back`() async throws {
        let tested = RunningPool(settings(max: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("first", until: done)
            await tested.until { $0.active == 1 }
            async let second = pool.withConnection(owner: "second", deadline: .distant) { $0.number }
            await tested.until { $0.waiting == 1 }
            done.raise()

            let number = try await second
            #expect(number == 1)
            try await holder
            #expect(tested.server.violations == 0)
        }
    }

    @Test func `a cancelled waiter leaves the queue and gets a cancellation error`() async throws {
        let tested = RunningPool(settings(max: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("first", until: done)
            await tested.until { $0.active == 1 }
            let waiting = Task { try await pool.withConnection(owner: "second", deadline: .distant) { $0.number } }
            await tested.until { $0.waiting == 1 }
            waiting.cancel()

            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(pool.snapshot.waiting == 0)
            done.raise()
            try await holder
            #expect(pool.snapshot.idle == 1)
        }
    }

    @Test func `a dial survives the acquirer it was started for`() async throws {
        let tested = RunningPool(settings())
        tested.server.mode = .hanging

        try await tested.whileRunning { pool in
            let waiting = Task { try await pool.withConnection(owner: "first", deadline: .distant) { $0.number } }
            await tested.until { $0.connecting == 1 }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            tested.server.mode = .accepting
            await tested.until { $0.idle == 1 }

            #expect(tested.server.dials == 1)
        }
    }

    @Test func `a dial that takes too long is interrupted`() async throws {
        let tested = RunningPool(
            settings {
                $0.outageGrace = .zero
                $0.acquireTimeout = .seconds(60)
            }
        )
        tested.server.mode = .hanging

        try await tested.whileRunning { pool in
            let waiting = Task { try await pool.withConnection(owner: "first", deadline: .distant) { $0.number } }
            await tested.until { $0.connecting == 1 }
            tested.clock.advance(by: .milliseconds(5001))

            let error = await #expect(throws: PoolError.self) { try await waiting.value }
            #expect(error?.code == .connectFailed)
            #expect(error?.message.contains("did not answer in time") == true)
        }
    }

    @Test func `connection errors are the cause acquirers see`() async throws {
        let tested = RunningPool(settings { $0.outageGrace = .zero })
        tested.server.mode = .refusing

        try await tested.whileRunning { pool in
            let error = await #expect(throws: PoolError.self) {
                try await pool.withConnection(owner: "first", deadline: .distant) { $0.number }
            }

            #expect(error?.code == .connectFailed)
            #expect(error?.cause as? FakeServer.Refused == FakeServer.Refused())
            #expect(error?.message.contains("connection refused") == true)
        }
    }
}
