import Concurrency
import Database
import Testing

@Suite("Database client: failures", .timeLimit(.minutes(1)))
struct FailureConformanceTests {
    /// A statement that breaks a rule of the schema in `withRules`.
    struct Violation: Sendable, CustomTestStringConvertible {
        let statement: SQLStatement
        let constraint: DatabaseError.Constraint

        var testDescription: String { self.constraint.rawValue }
    }

    static let violations = [
        Violation(statement: "INSERT INTO child VALUES (1, 1, 'taken', 5)", constraint: .unique),
        Violation(statement: "INSERT INTO child VALUES (2, 1, 'taken', 5)", constraint: .unique),
        Violation(statement: "INSERT INTO child VALUES (2, 99, 'free', 5)", constraint: .foreignKey),
        Violation(statement: "DELETE FROM parent WHERE id = 1", constraint: .foreignKey),
        Violation(statement: "INSERT INTO child VALUES (2, 1, NULL, 5)", constraint: .notNull),
        Violation(statement: "INSERT INTO child VALUES (2, 1, 'free', -5)", constraint: .check),
    ]

    @Test(arguments: DatabaseUnderTest.allCases, Self.violations)
    func `a broken rule is an error that says which kind`(
        engine: DatabaseUnderTest,
        violation: Violation
    ) async throws {
        let error = try await engine.withClient { client in
            try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                try await connection.execute(
                    script: """
                        CREATE TABLE parent (id BIGINT NOT NULL PRIMARY KEY);
                        CREATE TABLE child (
                            id BIGINT NOT NULL PRIMARY KEY,
                            parent BIGINT NOT NULL REFERENCES parent (id),
                            name VARCHAR(20) NOT NULL UNIQUE,
                            size BIGINT CHECK (size > 0)
                        );
                        INSERT INTO parent VALUES (1);
                        INSERT INTO child VALUES (1, 1, 'taken', 5);
                        """,
                    deadline: .testDeadline
                )
            }
            return await #expect(throws: DatabaseError.self) {
                try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                    _ = try await connection.execute(violation.statement, deadline: .testDeadline)
                }
            }
        }

        #expect(error?.code == .constraint(violation.constraint))
        #expect(error?.recovery == .permanent)
        #expect(error?.engineCode != nil)
    }

    @Test(
        arguments: DatabaseUnderTest.allCases,
        [
            "SELEKT 1", "SELECT nothing FROM item", "SELECT * FROM missing", "", "-- nothing",
            "SELECT 1; SELECT 2", "DELETE FROM item; DROP TABLE item",
        ] as [SQLStatement]
    )
    func `a wrong statement is a syntax error, also several in one`(
        engine: DatabaseUnderTest,
        statement: SQLStatement
    ) async throws {
        try await engine.withItems { client in
            try await client.insertItem(1, name: "one")

            let code = try await databaseErrorCode {
                try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                    _ = try await connection.execute(statement, deadline: .testDeadline)
                }
            }

            #expect(code == .syntax)
            #expect(try await client.itemNames() == ["one"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a connection for reading does not write`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.read(owner: "test", deadline: .testDeadline) { connection in
                    try await connection.insertItem(1, name: "one")
                }
            }

            #expect(code == .readOnly)
            #expect(try await client.itemNames().isEmpty)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a statement is stopped when its deadline passes`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let deadline = Deadline.testDeadline
            let code = try await databaseErrorCode {
                try await client.read(owner: "test", deadline: deadline) { connection in
                    try await connection.runForever(deadline: .after(.milliseconds(50)))
                }
            }

            #expect(code == .timeout)
            #expect(!deadline.hasPassed, "it was its own deadline")
            #expect(try await client.itemNames().isEmpty)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a statement takes no longer than the setting allows`(engine: DatabaseUnderTest) async throws {
        var settings = DatabaseUnderTest.settings
        settings.statementTimeout = .milliseconds(50)

        let code = try await engine.withClient(settings) { client in
            try await databaseErrorCode {
                try await client.read(owner: "test", deadline: .testDeadline) { try await $0.runForever() }
            }
        }

        #expect(code == .timeout)
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `the deadline of the whole bounds every statement in it`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.transaction(owner: "test", deadline: .after(.milliseconds(100))) { connection in
                    try await connection.insertItem(1, name: "one")
                    try await connection.runForever()
                }
            }

            #expect(code == .timeout)
            #expect(try await client.itemNames().isEmpty)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `cancelling the task stops the statement and rolls back`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let isRunning = AsyncStream<Void>.makeStream()

            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                            try await connection.insertItem(1, name: "one")
                            isRunning.continuation.yield()
                            try await connection.runForever()
                        }
                    }
                    for await _ in isRunning.stream { break }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }

            #expect(try await client.itemNames().isEmpty)
            try await client.insertItem(2, name: "two")
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a task that is cancelled already runs nothing`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        withUnsafeCurrentTask { $0?.cancel() }
                        try await client.insertItem(1, name: "one")
                    }
                    try await group.waitForAll()
                }
            }

            let names = try await client.itemNames()
            #expect(names.isEmpty)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a transaction whose task is cancelled before the commit changes nothing`(
        engine: DatabaseUnderTest
    ) async throws {
        try await engine.withItems { client in
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                            try await connection.insertItem(1, name: "one")
                            withUnsafeCurrentTask { $0?.cancel() }
                        }
                    }
                    try await group.waitForAll()
                }
            }

            let names = try await client.itemNames()
            #expect(names.isEmpty)
        }
    }
}
