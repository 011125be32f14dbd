import Concurrency
import Testing

@testable import Pooling

@Suite("Pool, overloaded or without a server", .timeLimit(.minutes(1)))
struct PoolOverloadTests {
    @Test func `waiters are served first come first served`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let done = Signal()
            let order = Order()
            async let holder: Void = tested.hold("first", until: done)
            await tested.until { $0.active == 1 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...5 {
                    group.addTask {
                        try await pool.withConnection(owner: "waiter", deadline: .distant) { _ in
                            order.append(number)
                        }
                    }
                    await tested.until { $0.waiting == number }
                }
                done.raise()
                try await group.waitForAll()
            }
            try await holder

            #expect(order.numbers == [1, 2, 3, 4, 5])
        }
    }

    @Test func `more waiters than allowed are refused at once`() async throws {
        var settings = PoolSettings(minSize: 0, maxSize: 1)
        settings.maxWaiters = 1
        let tested = RunningPool(settings)

        try await tested.whileRunning { pool in
            let done = Signal()
            async let holder: Void = tested.hold("busy", until: done)
            await tested.until { $0.active == 1 }
            async let waiter: Void = tested.hold("waiter", until: done)
            await tested.until { $0.waiting == 1 }

            let error = await #expect(throws: PoolError.self) {
                try await pool.withConnection(owner: "third", deadline: .distant) { _ in }
            }
            #expect(error?.code == .exhausted)
            #expect(error?.message.contains("busy for") == true)
            #expect(pool.snapshot.totals.exhausted == 1)

            done.raise()
            try await holder
            done.raise()
            try await waiter
        }
    }

    @Test func `a task that waits for what it holds itself is told so`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 1))

        try await tested.whileRunning { pool in
            let error = await #expect(throws: PoolError.self) {
                try await pool.withConnection(owner: "outer", deadline: .distant) { _ in
                    try await pool.withConnection(owner: "inner", deadline: .distant) { _ in }
                }
            }

            #expect(error?.code == .nestedAcquire)
            #expect(error?.message.contains("this task itself holds one as outer") == true)
            #expect(pool.snapshot.idle == 1)
        }
    }

    @Test func `a task may take a second connection while there is one`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 2))

        try await tested.whileRunning { pool in
            let numbers = try await pool.withConnection(owner: "outer", deadline: .distant) { outer in
                try await pool.withConnection(owner: "inner", deadline: .distant) { [outer.number, $0.number] }
            }

            #expect(numbers == [1, 2])
        }
    }

    @Test func `a burst is served by the connections that come back, not by a dial for everyone`() async throws {
        var settings = PoolSettings(minSize: 2, maxSize: 10)
        settings.maxConcurrentConnects = 2
        let tested = RunningPool(settings)

        try await tested.whileRunning { pool in
            await tested.until { $0.idle == 2 }
            tested.server.mode = .hanging
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await pool.withConnection(owner: "burst", deadline: .distant) { connection in
                            await connection.use { await Task.yield() }
                        }
                    }
                }
                try await group.waitForAll()
            }

            #expect(tested.server.dials == 2)
            #expect(tested.server.violations == 0)
            tested.server.mode = .accepting
        }
    }

    @Test func `during an outage acquirers wait for the grace and are then refused at once`() async throws {
        let tested = RunningPool(PoolSettings(minSize: 0, maxSize: 4))
        tested.server.mode = .refusing

        try await tested.whileRunning { pool in
            let patient = Task { try await pool.withConnection(owner: "patient", deadline: .distant) { $0.number } }
            await tested.until { $0.totals.connectErrors > 0 && $0.waiting == 1 }
            while pool.snapshot.waiting == 1 {
                tested.clock.advance(by: .milliseconds(100))
                await Task.yield()
            }
            let first = await #expect(throws: PoolError.self) { try await patient.value }
            #expect(first?.code == .connectFailed)
            let second = await #expect(throws: PoolError.self) {
                try await pool.withConnection(owner: "late", deadline: .distant) { $0.number }
            }
            #expect(second?.code == .connectFailed)
            #expect(second?.cause as? FakeServer.Refused == FakeServer.Refused())
            #expect(pool.snapshot.lastConnectError?.contains("refused") == true)
        }
    }

    @Test func `after an outage the pool lends again without being asked twice`() async throws {
        var settings = PoolSettings(minSize: 2, maxSize: 4)
        settings.outageGrace = .zero
        let tested = RunningPool(settings)
        tested.server.mode = .refusing

        try await tested.whileRunning { pool in
            await tested.until { $0.totals.connectErrors >= 1 }
            tested.server.mode = .accepting
            while pool.snapshot.idle < 2 {
                tested.clock.advance(by: .milliseconds(50))
                await Task.yield()
            }

            #expect(pool.snapshot.lastConnectError == nil)
            let number = try await pool.withConnection(owner: "test", deadline: .distant) { $0.number }
            #expect(number > 0)
        }
    }

    @Test func `while the server is down one attempt is made at a time`() async throws {
        var settings = PoolSettings(minSize: 4, maxSize: 8)
        settings.connectBackoffBase = .seconds(1)
        settings.connectBackoffLimit = .seconds(1)
        let tested = RunningPool(settings)
        tested.server.mode = .refusing

        try await tested.whileRunning { pool in
            await tested.until { $0.totals.connectErrors == 4 && $0.connecting == 0 }
            tested.server.mode = .hanging
            tested.clock.advance(by: .seconds(1))
            await tested.until { $0.connecting > 0 }

            #expect(pool.snapshot.connecting == 1)
            tested.server.mode = .accepting
            await tested.until { $0.idle == 4 }
        }
    }
}

/// In which order something happened.
private final class Order: Sendable {
    private let state = Locked<[Int]>([])

    var numbers: [Int] { self.state.withLock { $0 } }

    func append(_ number: Int) {
        self.state.withLock { $0.append(number) }
    }
}
