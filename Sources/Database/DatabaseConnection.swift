import Concurrency

/// A connection lent to a closure by a `DatabaseClient`; it must not be used after the closure has returned.
///
/// One statement runs at a time. Cancelling the task stops the statement and throws `CancellationError`; a deadline
/// that passes stops it and throws `.timeout`. After a statement of a transaction failed, the transaction can only be
/// rolled back: further statements and the commit throw `.transactionFailed`, as PostgreSQL has it.
package protocol DatabaseConnection: Sendable {
    var engine: DatabaseEngine { get }

    /// Runs the statement and returns all its rows.
    func query(_ statement: SQLStatement, deadline: Deadline) async throws -> [SQLRow]

    /// Runs the statement and returns how many rows it inserted, updated or deleted itself, without those of triggers
    /// and of foreign key actions.
    @discardableResult
    func execute(_ statement: SQLStatement, deadline: Deadline) async throws -> Int

    /// Runs a file of statements, none of which may begin or end a transaction.
    ///
    /// For migrations only: the text is executed as it is.
    func execute(script: String, deadline: Deadline) async throws
}
