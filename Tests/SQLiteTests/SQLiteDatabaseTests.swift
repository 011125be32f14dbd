import Concurrency
import Database
import Foundation
import Glibc
import Logging
import Pooling
import TestSupport
import Testing

@testable import SQLite

@Suite("SQLite database", .timeLimit(.minutes(1)))
struct SQLiteDatabaseTests {
    @Test
    func `the pool counts one writer and its readers`() async throws {
        try await self.withDatabase { database in
            let pool = try #require(database.pools.first)
            try await database.transaction(owner: "accounts", requestID: "r-1", deadline: .soon) { _ in
                try await database.read(owner: "audit", deadline: .soon) { _ in
                    let snapshot = pool.snapshot

                    #expect(database.pools.count == 1)
                    #expect(snapshot.name == "database")
                    #expect(snapshot.maxSize == 4)
                    #expect(snapshot.active == 2)
                    #expect(snapshot.active + snapshot.idle + snapshot.connecting <= snapshot.maxSize)
                    #expect(Set(snapshot.leases.map(\.owner)) == ["accounts", "audit"])
                    #expect(Set(snapshot.leases.compactMap(\.requestID)) == ["r-1"])
                    #expect(Set(snapshot.leases.map(\.id)).count == 2)
                }
            }
        }
    }

    @Test
    func `resizing keeps the writer and changes the readers`() async throws {
        try await self.withDatabase { database in
            let pool = try #require(database.pools.first)

            try pool.resize(min: 1, max: 8)

            #expect(pool.snapshot.maxSize == 8)
            #expect(throws: PoolError.self) { try pool.resize(min: 0, max: 1) }
            #expect(throws: PoolError.self) { try pool.resize(min: 9, max: 8) }
        }
    }

    @Test
    func `a lock held by another process makes a transaction busy`() async throws {
        try await self.withDatabase { database in
            try await database.transaction(owner: "first", deadline: .soon) { _ in }
            let other = try SQLiteConnection(file: database.file, role: .writer, settings: .forTests)
            try await other.open(deadline: .soon)
            try await other.begin(deadline: .soon)

            let error = await #expect(throws: DatabaseError.self) {
                try await database.transaction(owner: "second", deadline: .soon) { _ in }
            }

            #expect(error?.code == .busy)
            await other.close()
            try await database.transaction(owner: "third", deadline: .soon) { _ in }
        }
    }

    @Test
    func `a transaction that gets no turn in time is told who has the writer`() async throws {
        try await self.withDatabase { database in
            let isInside = AsyncStream<Void>.makeStream()
            let mayEnd = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await database.transaction(owner: "long work", requestID: "r-7", deadline: .soon) { _ in
                        isInside.continuation.finish()
                        for await _ in mayEnd.stream {}
                    }
                }
                for await _ in isInside.stream {}

                let error = await #expect(throws: PoolError.self) {
                    try await database.transaction(owner: "second", deadline: .after(.milliseconds(50))) { _ in }
                }
                mayEnd.continuation.finish()
                try await group.waitForAll()

                #expect(error?.code == .timeout)
                #expect(error?.message.contains("long work") == true)
                #expect(error?.message.contains("r-7") == true)
            }
        }
    }

    @Test
    func `a missing file is created with its directory`() async throws {
        try await TemporaryDirectory.with { directory in
            let database = try SQLiteDatabase(
                path: directory.file("new/resync.db"),
                settings: .forTests,
                logger: .silent
            )

            let rows = try await database.whileRunning {
                try await database.read(owner: "test", deadline: .soon) { connection in
                    try await connection.query("SELECT 1 AS one", deadline: .soon)
                }
            }

            #expect(try rows.first?.decode("one", as: Int.self) == 1)
            #expect(database.file.exists)
        }
    }

    @Test
    func `a missing file that must exist is named as the cause of the failure`() async throws {
        try await TemporaryDirectory.with { directory in
            var settings = DatabasePoolSettings.forTests
            settings.createsMissingFile = false
            settings.pool.outageGrace = .milliseconds(10)
            let database = try SQLiteDatabase(path: directory.file("none.db"), settings: settings, logger: .silent)

            let error = try await database.whileRunning {
                await #expect(throws: PoolError.self) {
                    try await database.read(owner: "test", deadline: .soon) { _ in }
                }
            }

            #expect(error?.code == .connectFailed)
            #expect((error?.cause as? DatabaseError)?.code == .connection)
            #expect(!database.file.exists)
        }
    }

    @Test
    func `a file deleted under the database is not written to any more, and replaced by a new one`() async throws {
        try await self.withDatabase { database in
            try await database.transaction(owner: "test", deadline: .soon) { connection in
                _ = try await connection.execute("CREATE TABLE item (id INTEGER)", deadline: .soon)
            }
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.removeItem(atPath: database.file.path + suffix)
            }

            let error = await #expect(throws: DatabaseError.self) {
                try await database.transaction(owner: "test", deadline: .soon) { connection in
                    _ = try await connection.execute("INSERT INTO item VALUES (1)", deadline: .soon)
                }
            }
            try await database.transaction(owner: "test", deadline: .soon) { connection in
                _ = try await connection.execute("CREATE TABLE item (id INTEGER)", deadline: .soon)
            }

            #expect(error?.code == .connection)
            #expect(error?.message.contains("deleted or replaced") == true)
        }
    }

    @Test
    func `what was committed before the process was killed is there, the rest is not`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("killed.db")

            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let database = try SQLiteDatabase(path: path, settings: .forTests, logger: .silent)
                try await database.whileRunning {
                    try await database.transaction(owner: "test", deadline: .soon) { connection in
                        try await connection.execute("CREATE TABLE item (id INTEGER)", deadline: .soon)
                        try await connection.execute("INSERT INTO item VALUES (1)", deadline: .soon)
                    }
                    try await database.transaction(owner: "test", deadline: .soon) { connection in
                        try await connection.execute("INSERT INTO item VALUES (2)", deadline: .soon)
                        kill(getpid(), SIGKILL)
                    }
                }
            }

            let database = try SQLiteDatabase(path: path, settings: .forTests, logger: .silent)
            let rows = try await database.whileRunning {
                try await database.read(owner: "test", deadline: .soon) { connection in
                    try await connection.query("SELECT id FROM item", deadline: .soon)
                }
            }
            #expect(rows.map(\.values) == [[.integer(1)]])
        }
    }

    @Test
    func `the repository's migrations apply to a new file`() async throws {
        try await self.withDatabase { database in
            let migrator = try Migrator(engine: .sqlite)

            let rehearsed = try await migrator.dryRun(database, deadline: .soon)
            try await migrator.apply(database, deadline: .soon, logger: .silent)

            let plan = try await migrator.plan(database, deadline: .soon)
            #expect(rehearsed.pending == migrator.migrations)
            #expect(plan.version == migrator.migrations.count)
            try plan.requireCurrent()
        }
    }

    private func withDatabase(_ body: (SQLiteDatabase) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let database = try SQLiteDatabase(path: directory.file("test.db"), settings: .forTests, logger: .silent)
            try await database.whileRunning { try await body(database) }
        }
    }
}

extension Deadline {
    fileprivate static var soon: Self { .after(.seconds(20)) }
}

extension Logger {
    fileprivate static var silent: Self { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
