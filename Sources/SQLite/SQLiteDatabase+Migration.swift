import Concurrency
import Database
import Logging

extension SQLiteDatabase {
    /// Applies the pending migrations, or only finds out whether they would apply, and returns what was pending.
    ///
    /// A dry run on a missing file does not create it: all migrations are pending then. The database must be running.
    @discardableResult
    package func migrate(
        with migrator: Migrator,
        isDryRun: Bool = false,
        deadline: Deadline,
        logger: Logger
    ) async throws -> MigrationPlan {
        if isDryRun, !self.file.exists { return try migrator.planForEmptyDatabase() }
        if isDryRun { return try await migrator.dryRun(self, deadline: deadline) }
        return try await migrator.apply(self, deadline: deadline, logger: logger)
    }
}
