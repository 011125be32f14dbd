import Concurrency
import FoundationEssentials
import Logging

/// Brings a database to the schema this program needs, and tells when it is not there.
///
/// Applied migrations are kept in the table `schema_migrations` with the SHA-256 of their files. Each is applied in a
/// write transaction of its own that first reads the history again: of two programs that migrate at once, one waits and
/// then finds nothing left to do. The transaction is the lock, which holds where write transactions exclude each other,
/// as SQLite's do.
package struct Migrator: Sendable {
    package let engine: DatabaseEngine
    package let migrations: [Migration]

    /// Takes migrations as they are; throws `.migrationFiles` unless they are numbered 1, 2, 3 … without gaps.
    package init(engine: DatabaseEngine, migrations: [Migration]) throws(DatabaseError) {
        let ordered = migrations.sorted { $0.number < $1.number }
        for (index, migration) in ordered.enumerated() where migration.number != index + 1 {
            throw DatabaseError(
                .migrationFiles,
                "migrations are numbered from 1 without gaps, but \(migration.title) stands where \(index + 1) is due"
            )
        }
        self.engine = engine
        self.migrations = ordered
    }

    /// Reads the migrations of an engine from files; see `MigrationFiles.directory` for where they are looked for.
    package init(engine: DatabaseEngine, directory: String? = nil) throws(DatabaseError) {
        let folder = try MigrationFiles.directory(for: engine, configured: directory)
        try self.init(engine: engine, migrations: MigrationFiles.read(directory: folder))
    }

    /// What a database that has not been created yet needs.
    package func planForEmptyDatabase() throws(DatabaseError) -> MigrationPlan {
        try MigrationPlan(known: self.migrations, applied: [])
    }

    /// Compares the database with the migrations, changing nothing.
    ///
    /// Throws `.digestDiffers` or `.schemaNewer` when they do not belong together.
    package func plan(_ client: some DatabaseClient, deadline: Deadline) async throws -> MigrationPlan {
        let applied = try await client.read(owner: "migrations", deadline: deadline) { connection in
            try await self.history(of: connection, deadline: deadline)
        }
        return try MigrationPlan(known: self.migrations, applied: applied)
    }

    /// Applies what is pending and returns the plan it followed; nothing pending changes nothing.
    ///
    /// A migration that fails throws `.migrationFailed` with the cause; those before it stay applied.
    @discardableResult
    package func apply(
        _ client: some DatabaseClient,
        deadline: Deadline,
        logger: Logger
    ) async throws -> MigrationPlan {
        let plan = try await self.plan(client, deadline: deadline)
        var isPending = !plan.pending.isEmpty
        while isPending {
            let applied = try await client.transaction(owner: "migrations", deadline: deadline) { connection in
                try await self.applyNext(connection, deadline: deadline)
            }
            if let applied {
                logger.info("migration applied", metadata: ["migration": "\(applied.title)"])
            }
            isPending = applied != nil
        }
        return plan
    }

    /// Returns what `apply` would do, after having done it in a transaction that is then rolled back.
    ///
    /// So a migration that would fail is found out. An engine that cannot roll a schema back only gets the plan.
    package func dryRun(_ client: some DatabaseClient, deadline: Deadline) async throws -> MigrationPlan {
        let plan = try await self.plan(client, deadline: deadline)
        guard self.engine.hasTransactionalSchema, !plan.pending.isEmpty else { return plan }
        do {
            try await client.transaction(owner: "migrations", deadline: deadline) { connection in
                while try await self.applyNext(connection, deadline: deadline) != nil {}
                throw RolledBackOnPurpose()
            }
        } catch is RolledBackOnPurpose {
            return plan
        }
        return plan
    }

    private func applyNext(_ connection: any DatabaseConnection, deadline: Deadline) async throws -> Migration? {
        try await connection.execute(MigrationQueries.createHistory, deadline: deadline)
        let applied = try await self.history(of: connection, deadline: deadline)
        let plan = try MigrationPlan(known: self.migrations, applied: applied)
        guard let migration = plan.pending.first else { return nil }
        do {
            try await connection.execute(script: migration.script, deadline: deadline)
        } catch let error as DatabaseError {
            throw DatabaseError(.migrationFailed, "migration \(migration.title) failed", cause: error)
        }
        try await connection.execute(
            MigrationQueries.record(migration, appliedAt: Date.now.sqlValue),
            deadline: deadline
        )
        return migration
    }

    private func history(of connection: any DatabaseConnection, deadline: Deadline) async throws -> [AppliedMigration] {
        let exists = try await connection.query(MigrationQueries.historyExists(on: self.engine), deadline: deadline)
        guard try exists.first?.decode("tables", as: Int.self) == 1 else { return [] }
        let rows = try await connection.query(MigrationQueries.history, deadline: deadline)
        return try rows.map { try AppliedMigration($0) }
    }
}

/// Thrown by a dry run to have its transaction rolled back; never leaves this file.
private struct RolledBackOnPurpose: Error {}
