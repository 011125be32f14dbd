import Concurrency
import Database
import Synchronization

/// A connection while it is lent to a closure; using it after that throws `.closed`.
final class SQLiteSession: DatabaseConnection {
    private let connection: SQLiteConnection
    private let deadline: Deadline
    private let isOver = Atomic(false)

    var engine: DatabaseEngine { .sqlite }

    /// Every statement has to be done by `deadline`, whatever later one it is given.
    init(_ connection: SQLiteConnection, deadline: Deadline) {
        self.connection = connection
        self.deadline = deadline
    }

    func query(_ statement: SQLStatement, deadline: Deadline) async throws -> [SQLRow] {
        try self.requireOpen()
        return try await self.connection.run(statement, deadline: min(deadline, self.deadline)).rows
    }

    func execute(_ statement: SQLStatement, deadline: Deadline) async throws -> Int {
        try self.requireOpen()
        return try await self.connection.run(statement, deadline: min(deadline, self.deadline)).changes
    }

    func execute(script: String, deadline: Deadline) async throws {
        try self.requireOpen()
        try await self.connection.run(script: script, deadline: min(deadline, self.deadline))
    }

    func end() {
        self.isOver.store(true, ordering: .releasing)
    }

    private func requireOpen() throws(DatabaseError) {
        guard !self.isOver.load(ordering: .acquiring) else {
            throw DatabaseError(.closed, "the connection is used after the closure it was lent to")
        }
    }
}
