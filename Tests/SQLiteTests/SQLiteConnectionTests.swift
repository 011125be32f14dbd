import Concurrency
import Database
import Foundation
import TestSupport
import Testing

@testable import SQLite

@Suite("SQLite connection", .timeLimit(.minutes(1)))
struct SQLiteConnectionTests {
    @Test
    func `a connection has a write-ahead log, full synchronisation and foreign keys`() async throws {
        try await self.withConnection { connection in
            try await self.expect("PRAGMA journal_mode", gives: .text("wal"), on: connection)
            try await self.expect("PRAGMA synchronous", gives: .integer(2), on: connection)
            try await self.expect("PRAGMA foreign_keys", gives: .integer(1), on: connection)
            try await self.expect("PRAGMA query_only", gives: .integer(0), on: connection)
        }
    }

    @Test
    func `a reader only reads`() async throws {
        try await self.withConnection(role: .reader) { connection in
            try await self.expect("PRAGMA query_only", gives: .integer(1), on: connection)
        }
    }

    @Test(arguments: 1...20)
    func `many connections can open a new file at once`(_ round: Int) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("", to: "test.db")
            var settings = DatabasePoolSettings.forTests
            settings.lockTimeout = .seconds(50)
            try await withThrowingTaskGroup { [settings] group in
                for index in 0..<8 {
                    group.addTask {
                        let role: SQLiteConnection.Role = index == 0 ? .writer : .reader
                        let connection = try SQLiteConnection(
                            file: SQLiteFile(path: path),
                            role: role,
                            settings: settings
                        )
                        try await connection.open(deadline: .after(.seconds(50)))
                        await connection.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test
    func `a new file that another connection writes is waited for`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("", to: "test.db")
            let other = try SQLiteHandle(path: path)
            try SQLitePreparedStatement.runAll("CREATE TABLE item (id INTEGER); BEGIN IMMEDIATE", on: other)
            var settings = DatabasePoolSettings.forTests
            settings.lockTimeout = .seconds(50)
            let file = try SQLiteFile(path: path)
            let early = try SQLiteConnection(file: file, role: .writer, settings: settings)
            let error = await #expect(throws: DatabaseError.self) {
                try await early.open(deadline: .after(.milliseconds(200)))
            }
            #expect(error?.code == .timeout, "SQLite itself gives up at once")
            await early.close()

            try SQLitePreparedStatement.runAll("COMMIT", on: other)
            let later = try SQLiteConnection(file: file, role: .writer, settings: settings)
            try await later.open(deadline: .after(.seconds(50)))
            await later.close()
        }
    }

    @Test
    func `a misspelt column in double quotes is an error and not a text`() async throws {
        try await self.withConnection { connection in
            await #expect(throws: DatabaseError.self) { try await self.value("SELECT \"nothing\"", on: connection) }
        }
    }

    @Test
    func `columns that a change of the schema adds appear in a statement prepared before`() async throws {
        try await self.withConnection { connection in
            _ = try await connection.run("CREATE TABLE item (id INTEGER)", deadline: .distant)
            _ = try await connection.run("INSERT INTO item VALUES (1)", deadline: .distant)
            let before = try await connection.run("SELECT * FROM item", deadline: .distant).rows
            _ = try await connection.run("ALTER TABLE item ADD COLUMN size INTEGER DEFAULT 7", deadline: .distant)
            let after = try await connection.run("SELECT * FROM item", deadline: .distant).rows

            #expect(before.first?.columns == ["id"])
            #expect(after.first?.columns == ["id", "size"])
            #expect(after.first?.values == [.integer(1), .integer(7)])
        }
    }

    @Test
    func `a statement run again starts from the beginning with its own values`() async throws {
        try await self.withConnection { connection in
            for value in 0..<300 {
                let rows = try await connection.run("SELECT \(value) AS value", deadline: .distant).rows
                #expect(rows.map(\.values) == [[.integer(Int64(value))]])
            }
        }
    }

    @Test
    func `a lock held by another connection is waited for no longer than allowed`() async throws {
        try await self.withTwoConnections { holder, waiter in
            try await holder.begin(deadline: .distant)

            let error = await #expect(throws: DatabaseError.self) { try await waiter.begin(deadline: .distant) }

            #expect(error?.code == .busy)
            #expect(error?.recovery == .conflict)
            await holder.rollback()
            try await waiter.begin(deadline: .distant)
        }
    }

    @Test
    func `a lock that is released in time is obtained`() async throws {
        try await self.withTwoConnections { holder, waiter in
            try await holder.begin(deadline: .distant)

            async let begun: Void = waiter.begin(deadline: .distant)
            await holder.rollback()

            try await begun
        }
    }

    @Test
    func `the deadline ends the wait for a lock as a timeout`() async throws {
        var settings = DatabasePoolSettings.forTests
        settings.lockTimeout = .seconds(30)
        try await self.withTwoConnections(settings) { holder, waiter in
            try await holder.begin(deadline: .distant)

            let error = await #expect(throws: DatabaseError.self) {
                try await waiter.begin(deadline: .after(.milliseconds(30)))
            }

            #expect(error?.code == .timeout)
        }
    }

    @Test
    func `cancelling ends the wait for a lock`() async throws {
        var settings = DatabasePoolSettings.forTests
        settings.lockTimeout = .seconds(30)
        try await self.withTwoConnections(settings) { holder, waiter in
            try await holder.begin(deadline: .distant)

            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup { group in
                    group.addTask { try await waiter.begin(deadline: .distant) }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test
    func `a file that is no database is reported as corrupt, and the connection as unusable`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(String(repeating: "not a database ", count: 100), to: "test.db")
            let connection = try SQLiteConnection(file: SQLiteFile(path: path), role: .writer, settings: .forTests)

            let error = await #expect(throws: DatabaseError.self) {
                try await connection.open(deadline: .distant)
            }

            #expect(error?.code == .corrupt)
            #expect(error?.countsAgainstHealth == true)
            #expect(!connection.isUsable)
        }
    }

    @Test
    func `a missing file is an error that names it`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("missing.db")
            var settings = DatabasePoolSettings.forTests
            settings.createsMissingFile = false
            let connection = try SQLiteConnection(file: SQLiteFile(path: path), role: .writer, settings: settings)

            let error = await #expect(throws: DatabaseError.self) {
                try await connection.open(deadline: .distant)
            }

            #expect(error?.code == .connection)
            #expect(error?.recovery == .notExecuted)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test
    func `a full database is an error that leaves the stored rows readable`() async throws {
        try await self.withConnection { connection in
            _ = try await connection.run("CREATE TABLE item (content BLOB)", deadline: .distant)
            _ = try await connection.run("INSERT INTO item VALUES (x'01')", deadline: .distant)
            _ = try await connection.run("PRAGMA max_page_count = 10", deadline: .distant)

            try await connection.begin(deadline: .distant)
            let error = await #expect(throws: DatabaseError.self) {
                try await connection.run("INSERT INTO item VALUES (zeroblob(1000000))", deadline: .distant)
            }
            await connection.rollback()

            #expect(error?.code == .full)
            #expect(error?.recovery == .resource)
            #expect(connection.isUsable)
            try await self.expect("SELECT COUNT(*) FROM item", gives: .integer(1), on: connection)
        }
    }

    @Test
    func `a closed connection says so`() async throws {
        try await self.withConnection { connection in
            await connection.close()

            let error = await #expect(throws: DatabaseError.self) { try await self.value("SELECT 1", on: connection) }

            #expect(error?.code == .closed)
            #expect(!connection.isUsable)
        }
    }

    private func withConnection(
        role: SQLiteConnection.Role = .writer,
        _ body: (SQLiteConnection) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("", to: "test.db")
            let connection = try SQLiteConnection(file: SQLiteFile(path: path), role: role, settings: .forTests)
            try await connection.open(deadline: .distant)
            try await body(connection)
            await connection.close()
        }
    }

    private func withTwoConnections(
        _ settings: DatabasePoolSettings = .forTests,
        _ body: (SQLiteConnection, SQLiteConnection) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("", to: "test.db")
            let first = try SQLiteConnection(file: SQLiteFile(path: path), role: .writer, settings: settings)
            try await first.open(deadline: .distant)
            let second = try SQLiteConnection(file: SQLiteFile(path: path), role: .writer, settings: settings)
            try await second.open(deadline: .distant)
            try await body(first, second)
            await first.close()
            await second.close()
        }
    }

    private func expect(
        _ statement: SQLStatement,
        gives expected: SQLValue,
        on connection: SQLiteConnection,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let value = try await self.value(statement, on: connection)
        #expect(value == expected, sourceLocation: sourceLocation)
    }

    @discardableResult
    private func value(_ statement: SQLStatement, on connection: SQLiteConnection) async throws -> SQLValue? {
        try await connection.run(statement, deadline: .after(.seconds(30))).rows.first?.values.first
    }
}

extension DatabasePoolSettings {
    /// Few connections, and short waits for locks that a test holds on purpose.
    static var forTests: Self {
        var settings = Self()
        settings.pool.minSize = 0
        settings.pool.maxSize = 4
        settings.lockTimeout = .milliseconds(100)
        return settings
    }
}
