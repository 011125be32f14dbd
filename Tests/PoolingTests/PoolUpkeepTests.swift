import Concurrency
import Testing

@testable import Pooling

@Suite("Pool, upkeep of connections", .timeLimit(.minutes(1)))
struct PoolUpkeepTests {
    @Test func `connections unused for too long are closed down to the minimum`() async throws {
        var settings = PoolSettings(minSize: 1, maxSize: 3)
        settings.idleTimeout = .seconds(10)
        let tested = RunningPool(settings)

        try await tested.whileRunning { pool in
            let done = [Signal(), Signal(), Signal()]
            async let one: Void = tested.hold("one", until: done[0])
            async let two: Void = tested.hold("two", until: done[1])
            async let three: Void = tested.hold("three", until: done[2])
            await tested.until { $0.active == 3 }
            for signal in done {
                signal.raise()
            }
            _ = try await (one, two, three)
            tested.clock.advance(by: .seconds(11))
            await tested.until { _ in tested.server.open == 1 }

            #expect(pool.snapshot.idle == 1)
            #expect(pool.snapshot.totals.closed == 2)
        }
    }

    @Test func `a connection at the end of its life is replaced`() async throws {
        var settings = PoolSettings(minSize: 1, maxSize: 1)
        settings.maxLifetime = .seconds(100)
        let tested = RunningPool(settings)

        try await tested.whileRunning { _ in
            await tested.until { $0.idle == 1 }
            tested.clock.advance(by: .seconds(101))
            await tested.until { $0.totals.created == 2 && $0.idle == 1 }

            #expect(tested.server.dials == 2)
            #expect(tested.server.mostOpen == 1)
        }
    }

    @Test func `a connection whose life ends while lent is closed when it comes back`() async throws {
        var settings = PoolSettings(minSize: 0, maxSize: 1)
        settings.maxLifetime = .seconds(100)
        let tested = RunningPool(settings)

        try await tested.whileRunning { _ in
            let done = Signal()
            async let holder: Void = tested.hold("long", until: done)
            await tested.until { $0.active == 1 }
            tested.clock.advance(by: .seconds(101))
            done.raise()
            try await holder
            await tested.until { $0.totals.closed == 1 }

            #expect(tested.server.violations == 0)
        }
    }

    @Test func `idle connections are checked and stay`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 1, maxSize: 1), checking: true)

        try await tested.whileRunning { pool in
            await tested.until { $0.idle == 1 }
            tested.clock.advance(by: .seconds(31))
            await tested.until { $0.lastHealthCheck != nil }

            #expect(pool.snapshot.lastHealthCheck?.ok == true)
            #expect(tested.server.checks == 1)
            #expect(tested.server.dials == 1)
        }
    }

    @Test func `a connection that fails its check is replaced`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 1, maxSize: 1), checking: true)

        try await tested.whileRunning { pool in
            await tested.until { $0.idle == 1 }
            tested.server.failChecks()
            tested.clock.advance(by: .seconds(31))
            await tested.until { $0.totals.created == 2 }

            #expect(pool.snapshot.totals.validationFailures == 1)
            #expect(pool.snapshot.lastHealthCheck?.ok == false)
            #expect(pool.snapshot.lastHealthCheck?.error?.contains("gone away") == true)
        }
    }

    @Test func `checks do not keep an unused connection open`() async throws {
        var settings = PoolSettings(minSize: 0, maxSize: 1)
        settings.idleTimeout = .seconds(70)
        let tested = RunningPool(settings, checking: true)

        try await tested.whileRunning { pool in
            _ = try await pool.withConnection(owner: "once", deadline: .distant) { $0.number }
            tested.clock.advance(by: .seconds(31))
            await tested.until { $0.lastHealthCheck != nil && $0.idle == 1 }
            tested.clock.advance(by: .seconds(40))
            await tested.until { $0.totals.closed == 1 }
        }
    }

    @Test func `a connection is reset before the next borrower gets it`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1), resetting: true)

        try await tested.whileRunning { pool in
            _ = try await pool.withConnection(owner: "first", deadline: .distant) { $0.number }
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { connection in
                #expect(tested.server.resets == 1)
                return connection.number
            }

            #expect(second == 1)
        }
    }

    @Test func `a connection that cannot be reset is replaced`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1), resetting: true)
        tested.server.failChecks()

        try await tested.whileRunning { pool in
            _ = try await pool.withConnection(owner: "first", deadline: .distant) { $0.number }
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { $0.number }

            #expect(second == 2)
            #expect(tested.server.mostOpen == 1)
        }
    }

    @Test func `a connection the driver calls unusable is not lent`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let first = try await pool.withConnection(owner: "first", deadline: .distant) { $0 }
            tested.server.breakQuietly(first)
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { $0.number }

            #expect(second == 2)
        }
    }

    @Test func `a connection that died while idle is never lent`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let first = try await pool.withConnection(owner: "first", deadline: .distant) { $0 }
            pool.connectionFailed(first.id)
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { $0.number }

            #expect(second == 2)
            #expect(pool.snapshot.totals.validationFailures == 1)
        }
    }

    @Test func `a discarded connection is closed`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let lease = try await pool.acquire(owner: "first", deadline: .distant)
            lease.discard(FakeServer.Refused())
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { $0.number }

            #expect(second == 2)
            #expect(pool.snapshot.totals.closed == 1)
        }
    }

    @Test func `a lease that is dropped gives its place back`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            do {
                let lease = try await pool.acquire(owner: "forgetful", deadline: .distant)
                #expect(lease.connection.number == 1)
            }
            let second = try await pool.withConnection(owner: "second", deadline: .distant) { $0.number }

            #expect(second == 2)
            #expect(pool.snapshot.totals.reclaimed == 1)
        }
    }

    @Test func `a lease held too long counts as leaked once`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("slow", until: done)
            await tested.until { $0.active == 1 }
            tested.clock.advance(by: .seconds(61))
            await tested.until { $0.totals.leaked == 1 }
            tested.clock.advance(by: .seconds(61))
            done.raise()
            try await holder

            #expect(pool.snapshot.totals.leaked == 1)
            #expect(pool.snapshot.advice.contains { $0.contains("lost release") })
            #expect(pool.snapshot.holdSeconds.max > 100)
        }
    }
}
