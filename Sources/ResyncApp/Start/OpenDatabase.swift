import Concurrency
import Database
import Logging
import SQLite
import Settings

/// The database of the settings, and its schema.
enum OpenDatabase {
    private static let migrationTime: Duration = .seconds(60)

    /// Makes the client; nothing is opened before it runs.
    ///
    /// Whether a missing file is created is decided by the environment, unless the caller does.
    static func client(
        _ settings: ResyncSettings,
        createsMissingFile: Bool? = nil,
        logger: Logger
    ) throws -> SQLiteDatabase {
        let url = settings.database.url
        guard url.scheme == "sqlite", let path = url.filePath else {
            throw StartError(
                .settings,
                "database.url: \(url): this version speaks sqlite only, expected sqlite:///absolute/path"
            )
        }
        return SQLiteDatabase(
            file: try SQLiteFile(path: path),
            settings: DatabasePoolSettings(
                settings.dbPool,
                createsMissingFile: createsMissingFile ?? settings.environment.createsWhatIsMissing
            ),
            logger: logger
        )
    }

    /// Brings the schema up to date where the environment allows it, else demands that it is.
    static func prepareSchema(of database: SQLiteDatabase, _ settings: ResyncSettings, logger: Logger) async throws {
        let migrator = try Migrator(engine: .sqlite)
        let deadline = Deadline.after(self.migrationTime)
        if settings.environment.createsWhatIsMissing {
            try await migrator.apply(database, deadline: deadline, logger: logger)
        } else {
            try await migrator.plan(database, deadline: deadline).requireCurrent()
        }
    }
}
