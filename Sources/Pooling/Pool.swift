import Concurrency
import Logging
import ServiceLifecycle

/// A bounded set of connections, lent to one task at a time.
///
/// Who comes first is served first; a connection that comes back goes straight to the one who has waited longest.
/// Connections are opened, checked and closed by `run()`; a pool used before that waits for it within the deadline.
/// All methods may be called from anywhere.
///
/// Public because the optimiser specialises for another module's kind of connection only what is.
public final class Pool<Connection: Sendable>: Service, ObservablePool {
    @usableFromInline let core: PoolCore
    @usableFromInline let isUsable: @Sendable (Connection) -> Bool

    package var name: String { self.core.identity.name }

    /// A pool that opens nothing before it is run.
    ///
    /// `endpoint` is shown to operators and must not contain a password.
    package convenience init(
        name: String,
        kind: String,
        endpoint: String,
        role: String = "primary",
        settings: PoolSettings,
        driver: PoolDriver<Connection>,
        logger: Logger
    ) {
        self.init(
            identity: PoolIdentity(name: name, kind: kind, endpoint: endpoint, role: role),
            settings: settings,
            driver: driver,
            clock: .system,
            logger: logger
        )
    }

    init(
        identity: PoolIdentity,
        settings: PoolSettings,
        driver: PoolDriver<Connection>,
        clock: PoolClock,
        logger: Logger
    ) {
        self.isUsable = driver.isUsable
        self.core = PoolCore(
            identity: identity,
            settings: settings,
            driver: Self.forgettingKind(of: driver),
            clock: clock,
            logger: logger
        )
    }

    /// Keeps the pool until cancelled or shut down gracefully, then waits for the leases, no longer than
    /// `drainTimeout` and not at all when cancelled, and closes everything.
    @inlinable public func run() async throws {
        try await self.core.run()
    }

    /// Lends a connection for the time of `body` and takes it back however that ends.
    ///
    /// When `body` throws, `isUsable` of the driver decides whether the connection is lent again. Throws `PoolError`
    /// when there is no connection by the deadline or the acquire timeout, whichever is earlier.
    @inlinable public func withConnection<Result>(
        owner: LeaseOwner,
        deadline: Deadline,
        _ body: (Connection) async throws -> sending Result
    ) async throws -> sending Result {
        let task = TaskIdentity.current
        let lease: PoolCore.Lease
        if !task.isCancelled, let idle = self.leaseIdle(owner: owner, holder: task.identity) {
            lease = idle
        } else {
            lease = try await self.wait(owner: owner, holder: task.identity, deadline: deadline)
        }
        let result: Result
        do {
            result = try await body(Self.connection(lease.handle))
        } catch {
            self.giveBack(lease)
            throw error
        }
        self.giveBack(lease)
        return result
    }

    /// Lends a connection until the lease is returned, for uses that do not fit into a scope.
    ///
    /// Throws as `withConnection` does.
    package func acquire(owner: LeaseOwner, deadline: Deadline) async throws -> PoolLease<Connection> {
        // The holder stays unknown: the lease may outlive this task or move to another one.
        let lease: PoolCore.Lease
        if !Task.isCancelled, let idle = self.leaseIdle(owner: owner, holder: .unknown) {
            lease = idle
        } else {
            lease = try await self.wait(owner: owner, holder: .unknown, deadline: deadline)
        }
        return PoolLease(core: self.core, lease: lease, isUsable: self.isUsable)
    }

    /// To be called by the driver when a connection has died, so that an idle one is never lent.
    package func connectionFailed(_ id: PoolConnectionID, error: (any Error)? = nil) {
        self.core.connectionFailed(id, error: error)
    }

    package func resize(min: Int, max: Int) throws(PoolError) {
        try self.core.resize(min: min, max: max)
    }

    package func suspend() {
        self.core.suspend()
    }

    package func resume() {
        self.core.resume()
    }

    @discardableResult
    package func drain(deadline: Deadline) async -> Bool {
        await self.core.drain(deadline: deadline)
    }

    package func evict() {
        self.core.evict()
    }

    package var snapshot: PoolSnapshot { self.core.snapshot }

    package var leases: [PoolLeaseDescription] { self.core.leases }

    @inlinable func leaseIdle(owner: LeaseOwner, holder: TaskIdentity) -> PoolCore.Lease? {
        while let lease = self.core.leaseIdle(owner: owner, holder: holder) {
            if self.isUsable(Self.connection(lease.handle)) {
                return lease
            }
            // One that died unnoticed; each round closes a connection.
            self.core.giveBack(lease, .broken)
        }
        return nil
    }

    @usableFromInline func wait(
        owner: LeaseOwner,
        holder: TaskIdentity,
        deadline: Deadline
    ) async throws -> PoolCore.Lease {
        while true {
            let lease = try await self.core.lease(owner: owner, holder: holder, deadline: deadline)
            if self.isUsable(Self.connection(lease.handle)) {
                return lease
            }
            self.core.giveBack(lease, .broken)
        }
    }

    @inlinable func giveBack(_ lease: PoolCore.Lease) {
        self.core.giveBack(lease, self.isUsable(Self.connection(lease.handle)) ? .usable : .broken)
    }

    @inlinable static func connection(_ handle: PoolCore.Handle) -> Connection {
        // Every handle of this pool was made by the closure below.
        unsafeDowncast(handle, to: PooledConnection<Connection>.self).connection
    }

    private static func forgettingKind(of driver: PoolDriver<Connection>) -> PoolCoreDriver {
        let (connect, close) = (driver.connect, driver.close)
        var eraseCheck: (@Sendable (PoolCore.Handle, Deadline) async throws -> Void)?
        if let check = driver.check {
            eraseCheck = { handle, deadline in try await check(Self.connection(handle), deadline) }
        }
        var eraseReset: (@Sendable (PoolCore.Handle) async throws -> Void)?
        if let reset = driver.reset {
            eraseReset = { handle in try await reset(Self.connection(handle)) }
        }
        return PoolCoreDriver(
            connect: { context in PooledConnection(connection: try await connect(context)) },
            close: { handle in await close(Self.connection(handle)) },
            check: eraseCheck,
            reset: eraseReset
        )
    }
}
