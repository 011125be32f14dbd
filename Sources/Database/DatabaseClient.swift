import Concurrency

/// A database, whichever engine it runs on.
///
/// The names in `owner` and `requestID` appear among the leases of its pools, so that whoever waits can be told who
/// holds the connections. The deadline covers the wait for a connection as well as the work.
package protocol DatabaseClient: Sendable {
    var engine: DatabaseEngine { get }

    /// Lends a connection for reading; writing on it throws `.readOnly`.
    ///
    /// Each query sees what was committed when it began, not what a surrounding `transaction` has not committed yet.
    func read<Result: Sendable>(
        owner: String,
        requestID: String?,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result

    /// Lends a connection inside a transaction that is committed when `body` returns and rolled back when it throws.
    ///
    /// When this returns, the changes are durable. A transaction inside a transaction, also in a child task, throws
    /// `.nestedTransaction` instead of waiting for itself. A caller cancelled before the commit gets
    /// `CancellationError`, and nothing is changed; the commit itself is not interrupted.
    @discardableResult
    func transaction<Result: Sendable>(
        owner: String,
        requestID: String?,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result
}

extension DatabaseClient {
    package func read<Result: Sendable>(
        owner: String,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        try await self.read(owner: owner, requestID: nil, deadline: deadline, body)
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        owner: String,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        try await self.transaction(owner: owner, requestID: nil, deadline: deadline, body)
    }
}
