import Concurrency
import Logging

@testable import Pooling

typealias FakePool = Pool<FakeServer.Connection>

/// A pool of connections to a fake server, on a clock the test moves.
struct RunningPool: Sendable {
    let pool: FakePool
    let server: FakeServer
    let clock: ManualClock

    init(
        _ settings: PoolSettings,
        server: FakeServer = FakeServer(),
        checking: Bool = false,
        resetting: Bool = false
    ) {
        self.server = server
        self.clock = ManualClock()
        var logger = Logger(label: "pool")
        logger.logLevel = .critical
        self.pool = Pool(
            identity: PoolIdentity(name: "tested", kind: "fake", endpoint: "fake:1", role: "primary"),
            settings: settings,
            driver: server.driver(checking: checking, resetting: resetting),
            clock: self.clock.poolClock,
            logger: logger
        )
    }

    /// Runs the pool for the time of `body`, stops it by cancellation, and returns when it is closed.
    func whileRunning(_ body: (FakePool) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.pool.run() }
            try await body(self.pool)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Lets other tasks run until the pool is as described; the time limit of the suite ends a vain wait.
    func until(_ condition: (PoolSnapshot) -> Bool) async {
        while !condition(self.pool.snapshot) {
            await Task.yield()
        }
    }

    /// A lease held until the signal is raised.
    func hold(_ label: String, until signal: Signal, deadline: Deadline = .distant) async throws {
        try await self.pool.withConnection(owner: LeaseOwner(label), deadline: deadline) { connection in
            await connection.use { await signal.wait() }
        }
    }
}
