import Database
import Testing

@Suite("SQL statement")
struct SQLStatementTests {
    @Test
    func `an interpolated value is bound and never becomes text`() {
        let name = "x'; DROP TABLE account; --"
        let statement: SQLStatement = "SELECT id FROM account WHERE name = \(name) AND size > \(3)"

        #expect(statement.text(for: .sqlite) == "SELECT id FROM account WHERE name = ? AND size > ?")
        #expect(statement.bindings == [.text(name), .integer(3)])
    }

    @Test(arguments: [
        (DatabaseEngine.sqlite, "VALUES (?, ?)"), (.mariadb, "VALUES (?, ?)"), (.postgres, "VALUES ($1, $2)"),
    ])
    func `placeholders are those of the engine`(engine: DatabaseEngine, text: String) {
        let statement: SQLStatement = "VALUES (\(1), \("a"))"

        #expect(statement.text(for: engine) == text)
    }

    @Test
    func `statements inside statements keep the order of their values`() {
        let condition: SQLStatement = "size > \(1) AND size < \(9)"
        let statement: SQLStatement = "SELECT \(0) WHERE \(condition) LIMIT \(10)"

        #expect(statement.text(for: .postgres) == "SELECT $1 WHERE size > $2 AND size < $3 LIMIT $4")
        #expect(statement.bindings == [.integer(0), .integer(1), .integer(9), .integer(10)])
    }

    @Test
    func `joined statements keep the order of their values`() {
        let conditions: [SQLStatement] = ["a = \(1)", "b IS NULL", "c = \("x")"]

        let joined = conditions.joined(separator: " AND ")

        #expect(joined.text(for: .sqlite) == "a = ? AND b IS NULL AND c = ?")
        #expect(joined.bindings == [.integer(1), .text("x")])
    }

    @Test
    func `a list is bound value by value, and an empty one matches nothing`() {
        let some: SQLStatement = "id IN (\(list: [1, 2, 3]))"
        let none: SQLStatement = "id IN (\(list: [Int]()))"

        #expect(some.text(for: .sqlite) == "id IN (?, ?, ?)")
        #expect(some.bindings == [.integer(1), .integer(2), .integer(3)])
        #expect(none.text(for: .sqlite) == "id IN (NULL)")
        #expect(none.bindings.isEmpty)
    }

    @Test
    func `nil is bound as NULL`() {
        let missing: String? = nil
        let statement: SQLStatement = "SELECT \(missing), \(Optional(2))"

        #expect(statement.bindings == [.null, .integer(2)])
    }
}
