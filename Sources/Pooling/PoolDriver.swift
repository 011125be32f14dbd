import Concurrency

/// One connection of a pool; never used for another one.
package struct PoolConnectionID: Sendable, Hashable, CustomStringConvertible {
    let slot: Int
    /// Which of the connections that have had this slot.
    let incarnation: UInt32

    package var description: String { "\(self.slot).\(self.incarnation)" }
}

/// What a driver is told about the connection it is to open.
package struct PoolConnectContext: Sendable {
    /// To be passed to `Pool.connectionFailed` when the connection dies while idle.
    package let id: PoolConnectionID
    package let deadline: Deadline
}

/// What a pool needs to know of a kind of connection.
///
/// All closures are called without any lock held. `connect`, `check`, `reset` and `close` run in tasks of
/// `Pool.run()` and must end when cancelled, which is how their deadlines are enforced.
package struct PoolDriver<Connection: Sendable>: Sendable {
    /// Opens a connection that is ready to be lent.
    package var connect: @Sendable (PoolConnectContext) async throws -> Connection
    /// Closes a connection; when the pool stops and a lease does not come back in time, while it is still in use.
    package var close: @Sendable (Connection) async -> Void
    /// Asks the other side of an idle connection whether it is alive; throwing closes the connection.
    package var check: (@Sendable (Connection, Deadline) async throws -> Void)?
    /// Removes what a borrower may have left behind, before the next one; throwing closes the connection.
    package var reset: (@Sendable (Connection) async throws -> Void)?
    /// Whether a connection can be lent, without I/O; asked on the way out and on the way back.
    package var isUsable: @Sendable (Connection) -> Bool

    package init(
        connect: @escaping @Sendable (PoolConnectContext) async throws -> Connection,
        close: @escaping @Sendable (Connection) async -> Void,
        check: (@Sendable (Connection, Deadline) async throws -> Void)? = nil,
        reset: (@Sendable (Connection) async throws -> Void)? = nil,
        isUsable: @escaping @Sendable (Connection) -> Bool = { _ in true }
    ) {
        self.connect = connect
        self.close = close
        self.check = check
        self.reset = reset
        self.isUsable = isUsable
    }
}
