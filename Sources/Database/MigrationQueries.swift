/// The statements by which the schema keeps its own history.
enum MigrationQueries {
    static let createHistory: SQLStatement = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number BIGINT NOT NULL PRIMARY KEY,
            name VARCHAR(200) NOT NULL,
            digest CHAR(64) NOT NULL,
            applied_at BIGINT NOT NULL
        )
        """

    static let history: SQLStatement = "SELECT number, name, digest FROM schema_migrations ORDER BY number"

    /// One row whose column `tables` is 1 when there is a history and 0 when there is none.
    static func historyExists(on engine: DatabaseEngine) -> SQLStatement {
        switch engine {
        case .sqlite:
            "SELECT COUNT(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
        case .postgres:
            """
            SELECT COUNT(*) AS tables FROM information_schema.tables
            WHERE table_schema = current_schema() AND table_name = 'schema_migrations'
            """
        case .mariadb:
            """
            SELECT COUNT(*) AS tables FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'
            """
        }
    }

    static func record(_ migration: Migration, appliedAt: SQLValue) -> SQLStatement {
        """
        INSERT INTO schema_migrations (number, name, digest, applied_at)
        VALUES (\(migration.number), \(migration.name), \(migration.digest), \(appliedAt))
        """
    }
}
