import Concurrency
import Database
import Logging
import Pooling
import ServiceLifecycle

/// A SQLite file as a database: one writer and several readers, in write-ahead log mode.
///
/// Readers neither wait for the writer nor make it wait. Connections are opened while `run` is running; a caller that
/// comes earlier waits for it, within its deadline.
package final class SQLiteDatabase: DatabaseClient, Service {
    package let file: SQLiteFile
    package var engine: DatabaseEngine { .sqlite }

    private let writers: Pool<SQLiteConnection>
    private let readers: Pool<SQLiteConnection>

    /// The files whose transactions the task is in, to refuse a nested one instead of waiting for itself.
    @TaskLocal private static var openTransactions: Set<SQLiteFile> = []

    package init(file: SQLiteFile, settings: DatabasePoolSettings = DatabasePoolSettings(), logger: Logger) {
        self.file = file
        self.writers = Self.pool(.writer, file: file, settings: settings, logger: logger)
        self.readers = Self.pool(.reader, file: file, settings: settings, logger: logger)
    }

    package convenience init(
        path: String,
        settings: DatabasePoolSettings = DatabasePoolSettings(),
        logger: Logger
    ) throws(DatabaseError) {
        self.init(file: try SQLiteFile(path: path), settings: settings, logger: logger)
    }

    /// The pool `database`: the writer and its readers, shown as one.
    package var pools: [any ObservablePool] { [SQLitePools(writers: self.writers, readers: self.readers)] }

    package func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.writers.run() }
            group.addTask { try await self.readers.run() }
            // Leaving by an error cancels the other pool.
            for try await _ in group {}
        }
    }

    /// Runs the database for as long as `body` takes: for commands and tests, which have no service group.
    package func whileRunning<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            let result = try await body()
            group.cancelAll()
            do {
                try await group.waitForAll()
            } catch is CancellationError {
                // The pools were told to stop a line above.
            }
            return result
        }
    }

    package func read<Result: Sendable>(
        owner: String,
        requestID: String?,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        try await self.readers.withConnection(
            owner: LeaseOwner(owner, requestID: requestID),
            deadline: deadline
        ) { connection in
            let session = SQLiteSession(connection, deadline: deadline)
            defer { session.end() }
            return try await body(session)
        }
    }

    package func transaction<Result: Sendable>(
        owner: String,
        requestID: String?,
        deadline: Deadline,
        _ body: (any DatabaseConnection) async throws -> Result
    ) async throws -> Result {
        guard !Self.openTransactions.contains(self.file) else {
            throw DatabaseError(.nestedTransaction, "\(owner) asks for a transaction inside one of the same database")
        }
        return try await self.writers.withConnection(
            owner: LeaseOwner(owner, requestID: requestID),
            deadline: deadline
        ) { connection in
            try await connection.begin(deadline: deadline)
            let session = SQLiteSession(connection, deadline: deadline)
            do {
                defer { session.end() }
                let result = try await Self.$openTransactions.withValue(Self.openTransactions.union([self.file])) {
                    try await body(session)
                }
                try Task.checkCancellation()
                try await connection.commit()
                return result
            } catch {
                await connection.rollback()
                throw error
            }
        }
    }
}

extension SQLiteDatabase {
    private static func pool(
        _ role: SQLiteConnection.Role,
        file: SQLiteFile,
        settings: DatabasePoolSettings,
        logger: Logger
    ) -> Pool<SQLiteConnection> {
        Pool(
            name: "database",
            kind: "sqlite",
            endpoint: file.path,
            role: role == .writer ? "writer" : "reader",
            settings: settings.sizes(of: role),
            driver: self.driver(role, file: file, settings: settings),
            logger: logger
        )
    }

    private static func driver(
        _ role: SQLiteConnection.Role,
        file: SQLiteFile,
        settings: DatabasePoolSettings
    ) -> PoolDriver<SQLiteConnection> {
        PoolDriver(
            connect: { context in
                let connection = try SQLiteConnection(file: file, role: role, settings: settings)
                try await connection.open(deadline: context.deadline)
                return connection
            },
            close: { connection in await connection.close() },
            check: { connection, deadline in try await connection.check(deadline: deadline) },
            isUsable: { connection in connection.isUsable }
        )
    }
}

extension DatabasePoolSettings {
    /// The writer's pool never shrinks to nothing; the readers get the rest, at least one.
    fileprivate func sizes(of role: SQLiteConnection.Role) -> PoolSettings {
        var sizes = self.pool
        switch role {
        case .writer:
            sizes.minSize = min(1, self.pool.minSize)
            sizes.maxSize = 1
        case .reader:
            sizes.maxSize = max(1, self.pool.maxSize - 1)
            sizes.minSize = min(max(0, self.pool.minSize - 1), sizes.maxSize)
        }
        return sizes
    }
}
