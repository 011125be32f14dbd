import Concurrency
import Database
import Testing

@Suite("Database client: transactions", .timeLimit(.minutes(1)))
struct TransactionConformanceTests {
    private struct Unwanted: Error, Equatable {}

    @Test(arguments: DatabaseUnderTest.allCases)
    func `what a transaction wrote is there for readers once it has returned`(engine: DatabaseUnderTest) async throws {
        let names = try await engine.withItems { client in
            try await client.insertItem(1, name: "one")
            return try await client.itemNames()
        }

        #expect(names == ["one"])
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `an error thrown by the closure rolls back and reaches the caller`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            await #expect(throws: Unwanted()) {
                try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                    try await connection.insertItem(1, name: "one")
                    throw Unwanted()
                }
            }

            #expect(try await client.itemNames().isEmpty)
            try await client.insertItem(2, name: "two")
            #expect(try await client.itemNames() == ["two"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `readers do not see what is not committed, nor do they wait for it`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                try await connection.insertItem(1, name: "one")

                let seenOutside = try await client.itemNames()
                let seenInside = try await connection.query("SELECT name FROM item", deadline: .testDeadline)

                #expect(seenOutside.isEmpty)
                #expect(seenInside.count == 1)
            }
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a transaction inside a transaction is refused at once`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.transaction(owner: "outer", deadline: .testDeadline) { _ in
                    try await client.transaction(owner: "inner", deadline: .testDeadline) { _ in }
                }
            }

            #expect(code == .nestedTransaction)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a child task of a transaction cannot begin one either`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.transaction(owner: "outer", deadline: .testDeadline) { _ in
                    async let inner: Void = client.insertItem(1, name: "one")
                    try await inner
                }
            }

            #expect(code == .nestedTransaction)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a statement that failed leaves only rolling back`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                    try await connection.insertItem(1, name: "one")
                    let swallowed = try await databaseErrorCode { try await connection.insertItem(1, name: "again") }
                    #expect(swallowed == .constraint(.unique))
                    let next = try await databaseErrorCode { try await connection.insertItem(2, name: "two") }
                    #expect(next == .transactionFailed)
                }
            }

            #expect(code == .transactionFailed)
            #expect(try await client.itemNames().isEmpty)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases, ["COMMIT", "ROLLBACK"])
    func `a statement cannot end the transaction`(engine: DatabaseUnderTest, end: String) async throws {
        try await engine.withItems { client in
            let code = try await databaseErrorCode {
                try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                    try await connection.execute(script: end, deadline: .testDeadline)
                }
            }

            #expect(code == .misuse)
            try await client.insertItem(1, name: "one")
            #expect(try await client.itemNames() == ["one"])
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a connection is of no use after its closure`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            let escaped = try await client.read(owner: "test", deadline: .testDeadline) { $0 }

            let code = try await databaseErrorCode {
                _ = try await escaped.query("SELECT 1", deadline: .testDeadline)
            }

            #expect(code == .closed)
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `concurrent transactions that read and write lose no update`(engine: DatabaseUnderTest) async throws {
        let size = try await engine.withItems { client in
            try await client.insertItem(1, name: "one", size: 0)
            try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                            let rows = try await connection.query("SELECT size FROM item", deadline: .testDeadline)
                            let size: Int = try #require(rows.first).decode("size")
                            try await connection.execute("UPDATE item SET size = \(size + 1)", deadline: .testDeadline)
                        }
                    }
                }
                try await group.waitForAll()
            }
            return try await client.read(owner: "test", deadline: .testDeadline) { connection in
                try await connection.query("SELECT size FROM item", deadline: .testDeadline)
            }
            .first?.decode("size", as: Int.self)
        }

        #expect(size == 50)
    }
}
