/// A connection on loan, to be returned exactly once.
///
/// A lease that ceases to exist without being returned is reported, and its connection is closed, because nobody
/// knows in which state it is.
package struct PoolLease<Connection: Sendable>: ~Copyable, Sendable {
    private let core: PoolCore
    private let lease: PoolCore.Lease
    package let connection: Connection
    private let isUsable: @Sendable (Connection) -> Bool
    private var isReturned = false

    init(
        core: PoolCore,
        lease: PoolCore.Lease,
        isUsable: @escaping @Sendable (Connection) -> Bool
    ) {
        self.core = core
        self.lease = lease
        self.connection = Pool<Connection>.connection(lease.handle)
        self.isUsable = isUsable
    }

    deinit {
        if !self.isReturned {
            self.core.giveBack(self.lease, .dropped)
        }
    }

    /// Returns the connection for the next borrower.
    package consuming func release() {
        self.isReturned = true
        self.core.giveBack(self.lease, self.isUsable(self.connection) ? .usable : .broken)
    }

    /// Returns the connection to be closed.
    package consuming func discard(_ error: (any Error)? = nil) {
        self.isReturned = true
        self.core.discard(self.lease, error: error)
    }
}
