import TestSupport
import Testing

@testable import Database

@Suite("Migration plan and files")
struct MigrationPlanTests {
    private let known = [
        Migration(number: 1, name: "one", script: "CREATE TABLE one (id BIGINT)"),
        Migration(number: 2, name: "two", script: "CREATE TABLE two (id BIGINT)"),
    ]

    @Test
    func `what is not applied is pending`() throws {
        let plan = try MigrationPlan(known: self.known, applied: self.applied(1))

        #expect(plan.version == 1)
        #expect(plan.neededVersion == 2)
        #expect(plan.pending == [self.known[1]])
    }

    @Test
    func `a schema behind the program is an error that names what is missing`() throws {
        let plan = try MigrationPlan(known: self.known, applied: self.applied(1))

        let error = try #require(throws: DatabaseError.self) { try plan.requireCurrent() }

        #expect(error.code == .schemaBehind)
        #expect(error.message == "the schema is at version 1, this program needs 2; missing: 0002_two")
    }

    @Test
    func `a schema that is current passes`() throws {
        try MigrationPlan(known: self.known, applied: self.applied(2)).requireCurrent()
    }

    @Test
    func `a schema newer than the program is an error`() throws {
        let newer = AppliedMigration(number: 3, name: "three", digest: "")

        let error = try #require(throws: DatabaseError.self) {
            try MigrationPlan(known: self.known, applied: self.applied(2) + [newer])
        }

        #expect(error.code == .schemaNewer)
        #expect(error.message.contains("at version 3, this program knows it up to 2"))
    }

    @Test
    func `an edited migration is an error that names both digests`() throws {
        let edited = Migration(number: 1, name: "one", script: "CREATE TABLE one (id BIGINT, size BIGINT)")

        let error = try #require(throws: DatabaseError.self) {
            try MigrationPlan(known: [edited], applied: self.applied(1))
        }

        #expect(error.code == .digestDiffers)
        #expect(error.message.contains(edited.digest))
        #expect(error.message.contains(self.known[0].digest))
    }

    @Test
    func `the digest is the SHA-256 of the file`() {
        let migration = Migration(number: 1, name: "abc", script: "abc")

        #expect(migration.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test(arguments: [[1, 3], [2], [1, 1], [0, 1]])
    func `numbers with gaps or twice the same are refused`(numbers: [Int]) throws {
        let migrations = numbers.map { Migration(number: $0, name: "step", script: "") }

        let error = try #require(throws: DatabaseError.self) {
            try Migrator(engine: .sqlite, migrations: migrations)
        }

        #expect(error.code == .migrationFiles)
    }

    @Test
    func `files are read in the order of their numbers, others are not looked at`() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("SELECT 2", to: "0002_second_step.sql")
            try directory.write("SELECT 1", to: "0001_first.sql")
            try directory.write("about", to: "README.md")

            let migrations = try MigrationFiles.read(directory: directory.path)

            #expect(migrations.map(\.title) == ["0001_first", "0002_second_step"])
            #expect(migrations.map(\.script) == ["SELECT 1", "SELECT 2"])
        }
    }

    @Test(arguments: ["1_first.sql", "0001-first.sql", "0001_First.sql", "0001_.sql"])
    func `a misnamed file is an error that names it`(name: String) async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("SELECT 1", to: name)

            let error = try #require(throws: DatabaseError.self) {
                try MigrationFiles.read(directory: directory.path)
            }

            #expect(error.code == .migrationFiles)
            #expect(error.message.contains(name))
        }
    }

    @Test
    func `a configured directory without the engine's folder is an error that names it`() async throws {
        try await TemporaryDirectory.with { directory in
            let error = try #require(throws: DatabaseError.self) {
                try MigrationFiles.directory(for: .sqlite, configured: directory.path)
            }

            #expect(error.message.contains("\(directory.path)/sqlite"))
        }
    }

    @Test
    func `the repository's migrations are found without being told where`() throws {
        let found = try MigrationFiles.directory(for: .sqlite)

        #expect(found == "\(packageRoot)migrations/sqlite" || found == "\(packageRoot)/migrations/sqlite")
    }

    private func applied(_ count: Int) -> [AppliedMigration] {
        self.known.prefix(count).map { AppliedMigration(number: $0.number, name: $0.name, digest: $0.digest) }
    }
}
