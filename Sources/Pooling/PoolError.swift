/// Why a pool gave no connection.
///
/// The message names the cause: the last failure to connect, or who holds the connections. A cancelled acquirer gets
/// `CancellationError` instead.
package struct PoolError: Error, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// No connection became free in time.
        case timeout
        /// As many acquirers as allowed are waiting already.
        case exhausted
        /// No connection in time because the pool is suspended.
        case suspended
        /// The pool is being emptied and lends no more.
        case draining
        case closed
        /// There is no connection and none can be opened.
        case connectFailed
        /// Opening, checking, resetting or closing a connection took too long.
        case operationTimeout
        /// All connections are held by tasks that are themselves waiting for one, this task among them.
        case nestedAcquire
        /// `resize` with sizes that cannot be.
        case invalidSize
        /// `run` was called twice.
        case alreadyRunning
    }

    package let code: Code
    package let pool: String
    package let message: String
    /// Of `connectFailed`, and of timeouts while connecting fails: the last error of the driver.
    package let cause: (any Error)?
    /// Who held connections when the acquirer was refused, the longest first, not more than a few.
    package let holders: [PoolLeaseDescription]

    package init(
        code: Code,
        pool: String,
        message: String,
        cause: (any Error)? = nil,
        holders: [PoolLeaseDescription] = []
    ) {
        self.code = code
        self.pool = pool
        self.message = message
        self.cause = cause
        self.holders = holders
    }

    package var description: String { self.message }
}
