import Concurrency
import Database
import Logging
import SQLite

/// A SQLite database of its own in a temporary directory, with the schema of this repository.
package struct MigratedDatabase: Sendable {
    package let client: SQLiteDatabase
    package let directory: TemporaryDirectory

    /// Runs `body` with a new database and removes it afterwards.
    package static func with<Result: Sendable>(
        _ body: (MigratedDatabase) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            try await Self.reopen(in: directory, body)
        }
    }

    /// Runs `body` with the database that may already be in `directory`.
    package static func reopen<Result: Sendable>(
        in directory: TemporaryDirectory,
        _ body: (MigratedDatabase) async throws -> Result
    ) async throws -> Result {
        var settings = DatabasePoolSettings()
        settings.pool.minSize = 1
        settings.pool.maxSize = 4
        let client = try SQLiteDatabase(path: directory.file("resync.db"), settings: settings, logger: .silent)
        return try await client.whileRunning {
            try await Migrator(engine: .sqlite, directory: "\(packageRoot)/migrations")
                .apply(client, deadline: .soon, logger: .silent)
            return try await body(MigratedDatabase(client: client, directory: directory))
        }
    }

    /// Executes statements as somebody with full rights to the database would.
    package func tamper(_ statements: SQLStatement...) async throws {
        try await self.client.transaction(owner: "tamper", deadline: .soon) { connection in
            for statement in statements { try await connection.execute(statement, deadline: .soon) }
        }
    }
}

extension Deadline {
    /// Long enough for everything a test does, short enough not to hang a run.
    package static var soon: Deadline { .after(.seconds(30)) }
}

extension Logger {
    /// Says nothing.
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
