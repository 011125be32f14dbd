import Concurrency
import Database
import Foundation
import Testing

/// What every engine behind `DatabaseClient` has to do in the same way.
@Suite("Database client: values", .timeLimit(.minutes(1)))
struct ValueConformanceTests {
    @Test(arguments: DatabaseUnderTest.allCases)
    func `values come back as they were written`(engine: DatabaseUnderTest) async throws {
        let date = Date(timeIntervalSince1970: 1_768_456_320.123_456)
        let written: [SQLValue] = [
            .integer(.max), .integer(.min), .real(-0.1), .text("Ünï𝄞 \u{1F600}"), .text(""), .blob([0, 255, 0]),
            .blob([]),
            .null, true.sqlValue, date.sqlValue,
        ]

        let row = try await self.roundTrip(written, on: engine)

        #expect(row.values == written)
        #expect(try row.decode("c8", as: Bool.self) == true)
        #expect(try row.decode("c9", as: Date.self).sqlValue == date.sqlValue)
    }

    @Test(arguments: [DatabaseUnderTest.sqlite])
    func `text may contain U+0000`(engine: DatabaseUnderTest) async throws {
        let text = "a\0b"

        let row = try await engine.withItems { client in
            try await client.insertItem(1, name: text)
            return try await client.read(owner: "test", deadline: .testDeadline) { connection in
                try await connection.query("SELECT name FROM item WHERE name = \(text)", deadline: .testDeadline)
            }
        }

        #expect(try row.first?.decode("name") == text)
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a megabyte of blob comes back byte by byte`(engine: DatabaseUnderTest) async throws {
        let bytes = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }

        let row = try await self.roundTrip([.blob(bytes)], on: engine)

        #expect(row.values == [.blob(bytes)])
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `execute returns how many rows the statement changed`(engine: DatabaseUnderTest) async throws {
        try await engine.withItems { client in
            try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                for id in 1...3 { try await connection.insertItem(id, name: "item \(id)") }

                let updated = try await connection.execute(
                    "UPDATE item SET size = \(1) WHERE id > \(1)",
                    deadline: .testDeadline
                )
                let untouched = try await connection.execute("DELETE FROM item WHERE id = 9", deadline: .testDeadline)
                let schema = try await connection.execute("CREATE TABLE other (id BIGINT)", deadline: .testDeadline)

                #expect(updated == 2)
                #expect(untouched == 0)
                #expect(schema == 0)
            }
        }
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a result without rows is empty`(engine: DatabaseUnderTest) async throws {
        let names = try await engine.withItems { try await $0.itemNames() }

        #expect(names.isEmpty)
    }

    @Test(arguments: DatabaseUnderTest.allCases)
    func `a result larger than allowed is an error and not a full memory`(engine: DatabaseUnderTest) async throws {
        var settings = DatabaseUnderTest.settings
        settings.maximumRows = 10

        let code = try await engine.withClient(settings) { client in
            try await databaseErrorCode {
                _ = try await client.read(owner: "test", deadline: .testDeadline) { connection in
                    try await connection.query(
                        """
                        WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 11)
                        SELECT value FROM number
                        """,
                        deadline: .testDeadline
                    )
                }
            }
        }

        #expect(code == .tooLarge)
    }

    /// Writes the values into one row of a table and reads it back, with columns `c0`, `c1` and so on.
    private func roundTrip(_ values: [SQLValue], on engine: DatabaseUnderTest) async throws -> SQLRow {
        try await engine.withClient { client in
            try await client.transaction(owner: "test", deadline: .testDeadline) { connection in
                let columns = values.enumerated().map { "c\($0) \(engine.columnType(of: $1))" }
                try await connection.execute(
                    script: "CREATE TABLE one (\(columns.joined(separator: ", ")))",
                    deadline: .testDeadline
                )
                let bound = values.map { "\($0)" as SQLStatement }.joined(separator: ", ")
                try await connection.execute("INSERT INTO one VALUES (\(bound))", deadline: .testDeadline)
            }
            let rows = try await client.read(owner: "test", deadline: .testDeadline) { connection in
                try await connection.query("SELECT * FROM one", deadline: .testDeadline)
            }
            return try #require(rows.first)
        }
    }
}
