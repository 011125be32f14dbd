/// What becomes of an acquirer at once.
enum PoolAcquireDecision {
    case leased(PoolLeaseID)
    case waiting(PoolWaiterID)
    case refused(PoolRefusal)
}

/// In which condition a connection comes back.
@usableFromInline enum PoolReturnCondition: Sendable, Hashable {
    case usable
    case broken
    /// Not returned at all: the lease ceased to exist.
    case dropped
}

/// How waiting ended.
enum PoolWaitResult {
    case leased(PoolLeaseID)
    case refused(PoolRefusal)
    case cancelled
}

/// Work for the driver.
enum PoolCommand: Sendable, Hashable {
    case connect(PoolConnectionID, deadline: PoolInstant)
    case check(PoolConnectionID, deadline: PoolInstant)
    case reset(PoolConnectionID)
    case close(PoolConnectionID)
    /// The work under way for this connection has taken too long or is no longer wanted.
    case interrupt(PoolConnectionID)
}

/// What an operator should read in the log.
enum PoolReport: Sendable {
    case leaked(PoolHolding)
    case leakReturned(PoolHolding)
    case leaseDropped(PoolHolding)
    case outageBegan(any Error)
    case outageEnded(afterNanoseconds: Int64, failures: Int)
    case checkFailed(PoolConnectionID, any Error)
    /// The pool has stopped and its connection was closed under this holder.
    case connectionTaken(PoolHolding)
}

/// What is to be done at once after an event, outside the lock.
///
/// The first settlement is kept apart so that handing over a connection allocates nothing.
struct PoolReaction {
    struct Settlement {
        let waiter: PoolWaiterID
        let result: PoolWaitResult
    }

    private(set) var settlement: Settlement?
    private(set) var furtherSettlements: [Settlement] = []
    var reports: [PoolReport] = []

    mutating func settle(_ waiter: PoolWaiterID, _ result: PoolWaitResult) {
        let settlement = Settlement(waiter: waiter, result: result)
        if self.settlement == nil {
            self.settlement = settlement
        } else {
            self.furtherSettlements.append(settlement)
        }
    }
}

/// Who holds a connection, by the clock of the pool.
struct PoolHolding: Sendable, Hashable {
    let connection: PoolConnectionID
    let owner: LeaseOwner
    let ageNanoseconds: Int64
}

/// Why an acquirer gets nothing, with the evidence.
struct PoolRefusal: Sendable {
    let code: PoolError.Code
    var waitedNanoseconds: Int64 = 0
    var maxSize: Int
    var active: Int
    var waiting: Int
    var connecting: Int
    /// The longest leases.
    var holdings: [PoolHolding]
    /// What the acquirer's own task holds.
    var heldByItself: PoolHolding?
    var outage: PoolOutage?
}

/// A time in which every attempt to connect has failed.
struct PoolOutage: Sendable {
    var since: PoolInstant
    var lastFailureAt: PoolInstant
    var failures: Int
    /// Failures of attempts that began after the one before had failed.
    var failuresInARow: Int
    var lastError: any Error
    /// No attempt before this.
    var retryAt: PoolInstant
    /// An acquirer was refused since the last attempt, so that another one is wanted though nobody waits.
    var isProbeWanted = false
}

/// The last time a connection was asked whether it is alive.
struct PoolCheckResult: Sendable {
    let at: PoolInstant
    let durationNanoseconds: Int64
    let error: (any Error)?
}
