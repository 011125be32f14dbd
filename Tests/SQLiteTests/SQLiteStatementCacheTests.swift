import Database
import TestSupport
import Testing

@testable import SQLite

@Suite("SQLite statement cache")
struct SQLiteStatementCacheTests {
    @Test
    func `a statement is prepared once while it is in use`() async throws {
        try await self.withHandle { handle in
            var cache = SQLiteStatementCache(capacity: 2)

            let first = try cache.statement(for: "SELECT 1", on: handle)
            let again = try cache.statement(for: "SELECT 1", on: handle)

            #expect(first === again)
            #expect(cache.count == 1)
        }
    }

    @Test
    func `the statement not used for longest gives way`() async throws {
        try await self.withHandle { handle in
            var cache = SQLiteStatementCache(capacity: 2)
            let first = try cache.statement(for: "SELECT 1", on: handle)
            let second = try cache.statement(for: "SELECT 2", on: handle)

            _ = try cache.statement(for: "SELECT 1", on: handle)
            _ = try cache.statement(for: "SELECT 3", on: handle)

            #expect(cache.count == 2)
            #expect(try cache.statement(for: "SELECT 1", on: handle) === first)
            #expect(try cache.statement(for: "SELECT 2", on: handle) !== second)
        }
    }

    @Test
    func `a statement that cannot be prepared leaves no trace`() async throws {
        try await self.withHandle { handle in
            var cache = SQLiteStatementCache(capacity: 2)

            #expect(throws: DatabaseError.self) { try cache.statement(for: "SELEKT", on: handle) }

            #expect(cache.count == 0)
        }
    }

    private func withHandle(_ body: (SQLiteHandle) throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try body(try SQLiteHandle(path: try directory.write("", to: "test.db")))
        }
    }
}
