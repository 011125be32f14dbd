import Database
import Testing

@testable import SQLite

@Suite("SQLite result code")
struct SQLiteResultCodeTests {
    struct Meaning: Sendable, CustomTestStringConvertible {
        let primary: Int32
        let detail: Int32
        let code: DatabaseError.Code

        init(_ primary: Int32, _ detail: Int32, _ code: DatabaseError.Code) {
            self.primary = primary
            self.detail = detail
            self.code = code
        }

        var result: SQLiteResultCode { SQLiteResultCode(rawValue: self.primary | self.detail << 8) }
        var testDescription: String { self.result.name }
    }

    static let meanings: [Meaning] = [
        Meaning(1, 0, .syntax),
        Meaning(1, 3, .serialization),
        Meaning(2, 0, .engineFault),
        Meaning(3, 0, .permission),
        Meaning(4, 2, .transactionFailed),
        Meaning(5, 0, .busy),
        Meaning(5, 2, .serialization),
        Meaning(6, 0, .busy),
        Meaning(8, 0, .readOnly),
        Meaning(8, 4, .connection),
        Meaning(9, 0, .interrupted),
        Meaning(10, 0, .inputOutput),
        Meaning(10, 12, .outOfMemory),
        Meaning(11, 0, .corrupt),
        Meaning(13, 0, .full),
        Meaning(14, 0, .connection),
        Meaning(18, 0, .tooLarge),
        Meaning(19, 1, .constraint(.check)),
        Meaning(19, 3, .constraint(.foreignKey)),
        Meaning(19, 5, .constraint(.notNull)),
        Meaning(19, 6, .constraint(.unique)),
        Meaning(19, 7, .constraint(.other)),
        Meaning(19, 8, .constraint(.unique)),
        Meaning(21, 0, .misuse),
        Meaning(26, 0, .corrupt),
    ]

    @Test(arguments: Self.meanings)
    func `a code has its meaning`(meaning: Meaning) {
        #expect(meaning.result.meaning == meaning.code)
    }

    @Test
    func `every failure in SQLite's header has a meaning other than a fault of the engine`() {
        // INTERNAL, NOTFOUND, EMPTY, FORMAT, NOTICE, WARNING, and what is no failure: OK, ROW, DONE.
        let exempt: Set<Int32> = [0, 2, 12, 16, 24, 27, 28, 100, 101]
        let codes = Array(SQLiteResultCode.primaryNames.keys) + Array(SQLiteResultCode.extendedNames.keys)

        let unexplained = codes.map(SQLiteResultCode.init(rawValue:))
            .filter { !exempt.contains($0.primary) && $0.meaning == .engineFault }

        #expect(codes.count == 31 + 73)
        #expect(unexplained.isEmpty)
    }

    @Test
    func `an unknown code is a fault of the engine and keeps its number`() {
        let error = SQLiteResultCode(rawValue: 77).error("trying", message: "no such thing")

        #expect(error.code == .engineFault)
        #expect(error.description == "trying: no such thing [SQLITE_UNKNOWN (77)]")
    }
}
