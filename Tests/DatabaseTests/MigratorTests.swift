import Concurrency
import Database
import Testing

@Suite("Migrator", .timeLimit(.minutes(1)))
struct MigratorTests {
    private static let first = Migration(
        number: 1,
        name: "items",
        script: """
            -- Two statements; a semicolon in a comment; or in 'text'.
            CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL);
            INSERT INTO item VALUES (1, 'a;b');
            """
    )
    private static let second = Migration(number: 2, name: "more", script: "INSERT INTO item VALUES (2, 'two')")
    private static let broken = Migration(
        number: 3,
        name: "broken",
        script: "INSERT INTO item VALUES (3, 'three'); INSERT INTO missing VALUES (1)"
    )

    @Test(arguments: DatabaseUnderTest.allCases)
    func `an empty database gets all migrations, a second run changes nothing`(
        engine: DatabaseUnderTest
    ) async throws {
        try await engine.withClient { client in
            let migrator = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second])

            let plan = try await migrator.apply(client, deadline: .testDeadline, logger: .silent)
            let again = try await migrator.apply(client, deadline: .testDeadline, logger: .silent)

            #expect(plan.version == 0)
            #expect(plan.pending == [Self.first, Self.second])
            #expect(again.version == 2)
            #expect(again.pending.isEmpty)
            #expect(try await client.itemNames() == ["a;b", "two"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a later version applies only what is new`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            try await Migrator(engine: engine.engine, migrations: [Self.first])
                .apply(client, deadline: .testDeadline, logger: .silent)
            let newer = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second])

            let plan = try await newer.plan(client, deadline: .testDeadline)
            #expect(throws: DatabaseError.self) { try plan.requireCurrent() }
            try await newer.apply(client, deadline: .testDeadline, logger: .silent)

            #expect(plan.pending == [Self.second])
            #expect(try await client.itemNames() == ["a;b", "two"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `an older program refuses a newer schema`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            try await Migrator(engine: engine.engine, migrations: [Self.first, Self.second])
                .apply(client, deadline: .testDeadline, logger: .silent)
            let older = try Migrator(engine: engine.engine, migrations: [Self.first])

            let code = try await databaseErrorCode {
                try await older.apply(client, deadline: .testDeadline, logger: .silent)
            }

            #expect(code == .schemaNewer)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `an edited migration stops everything`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            try await Migrator(engine: engine.engine, migrations: [Self.first])
                .apply(client, deadline: .testDeadline, logger: .silent)
            let edited = Migration(number: 1, name: "items", script: Self.first.script + " ")
            let migrator = try Migrator(engine: engine.engine, migrations: [edited, Self.second])

            let code = try await databaseErrorCode {
                try await migrator.apply(client, deadline: .testDeadline, logger: .silent)
            }

            #expect(code == .digestDiffers)
            #expect(try await client.itemNames() == ["a;b"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a failing migration leaves nothing of itself, those before it stay`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            let migrator = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second, Self.broken])

            let error = await #expect(throws: DatabaseError.self) {
                try await migrator.apply(client, deadline: .testDeadline, logger: .silent)
            }

            #expect(error?.code == .migrationFailed)
            #expect(error?.message == "migration 0003_broken failed")
            #expect((error?.cause as? DatabaseError)?.code == .syntax)
            #expect(try await client.itemNames() == ["a;b", "two"])
            #expect(try await migrator.plan(client, deadline: .testDeadline).version == 2)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a dry run changes nothing, yet finds a migration that would fail`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            let good = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second])
            let bad = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second, Self.broken])

            let plan = try await good.dryRun(client, deadline: .testDeadline)
            let code = try await databaseErrorCode { _ = try await bad.dryRun(client, deadline: .testDeadline) }

            #expect(plan.pending == [Self.first, Self.second])
            #expect(code == .migrationFailed)
            #expect(try await good.plan(client, deadline: .testDeadline).version == 0)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `migrators that run at once apply each migration once`(engine: DatabaseUnderTest) async throws {
        try await engine.withClient { client in
            let migrator = try Migrator(engine: engine.engine, migrations: [Self.first, Self.second])

            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask { try await migrator.apply(client, deadline: .testDeadline, logger: .silent) }
                }
                try await group.waitForAll()
            }

            #expect(try await client.itemNames() == ["a;b", "two"])
        }
    }
}
