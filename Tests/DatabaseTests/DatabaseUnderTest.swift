import Concurrency
import Database
import Logging
import SQLite
import TestSupport
import Testing

/// The engines the conformance suites run on: each test is written once and run for every case.
enum DatabaseUnderTest: CaseIterable, CustomTestStringConvertible {
    case sqlite

    var testDescription: String { self.engine.rawValue }

    var engine: DatabaseEngine {
        switch self {
        case .sqlite: .sqlite
        }
    }

    /// Few connections, because every test opens its own.
    static var settings: DatabasePoolSettings {
        var settings = DatabasePoolSettings()
        settings.pool.minSize = 0
        settings.pool.maxSize = 4
        return settings
    }

    /// The type of a column that holds `value`.
    func columnType(of value: SQLValue) -> String {
        switch (self, value) {
        case (.sqlite, .null), (.sqlite, .integer): "BIGINT"
        case (.sqlite, .real): "DOUBLE PRECISION"
        case (.sqlite, .text): "TEXT"
        case (.sqlite, .blob): "BLOB"
        }
    }

    /// Runs `body` with an empty database of its own.
    func withClient<Result: Sendable>(
        _ settings: DatabasePoolSettings = Self.settings,
        _ body: (any DatabaseClient) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .sqlite:
            try await TemporaryDirectory.with { directory in
                let database = try SQLiteDatabase(path: directory.file("test.db"), settings: settings, logger: .silent)
                return try await database.whileRunning { try await body(database) }
            }
        }
    }

    /// Runs `body` with a database that has the table `item (id, name unique, size)`.
    func withItems<Result: Sendable>(
        _ body: (any DatabaseClient) async throws -> Result
    ) async throws -> Result {
        try await self.withClient { client in
            try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                try await connection.execute(
                    """
                    CREATE TABLE item (
                        id BIGINT NOT NULL PRIMARY KEY,
                        name VARCHAR(200) NOT NULL UNIQUE,
                        size BIGINT CHECK (size >= 0)
                    )
                    """,
                    deadline: .testDeadline
                )
            }
            return try await body(client)
        }
    }
}

extension DatabaseClient {
    /// Inserts one item in a transaction of its own.
    func insertItem(_ id: Int, name: String, size: Int? = nil) async throws {
        try await self.transaction(owner: "test", deadline: .testDeadline) { connection in
            try await connection.insertItem(id, name: name, size: size)
        }
    }

    /// The names of all items in the order of their ids.
    func itemNames() async throws -> [String] {
        try await self.read(owner: "test", deadline: .testDeadline) { connection in
            try await connection.query("SELECT name FROM item ORDER BY id", deadline: .testDeadline)
        }
        .map { try $0.decode("name") }
    }
}

extension DatabaseConnection {
    func insertItem(_ id: Int, name: String, size: Int? = nil) async throws {
        try await self.execute(
            "INSERT INTO item (id, name, size) VALUES (\(id), \(name), \(size))",
            deadline: .testDeadline
        )
    }

    /// Runs until it is stopped: some hundred million rows are counted.
    func runForever(deadline: Deadline = .testDeadline) async throws {
        _ = try await self.query(
            """
            WITH RECURSIVE number (value) AS (
                SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 100000000000
            )
            SELECT COUNT(*) AS count FROM number
            """,
            deadline: deadline
        )
    }
}

extension Deadline {
    /// Long enough for a slow machine; a test that runs into it fails.
    static var testDeadline: Self { .after(.seconds(30)) }
}

extension Logger {
    static var silent: Self { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// The code of the `DatabaseError` that `body` throws; nil when it throws none, another error is rethrown.
func databaseErrorCode(_ body: () async throws -> Void) async throws -> DatabaseError.Code? {
    do {
        try await body()
        return nil
    } catch let error as DatabaseError {
        return error.code
    }
}
