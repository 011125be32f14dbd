import Database
import Foundation
import Testing

@Suite("SQL row")
struct SQLRowTests {
    private enum Colour: String, SQLConvertible {
        case red
        case green
    }

    private let row = SQLRow(
        columns: ["id", "name", "ratio", "digest", "nothing", "flag"],
        values: [.integer(7), .text("red"), .real(0.5), .blob([1, 2]), .null, .integer(2)]
    )

    @Test
    func `values are decoded as the types they were written as`() throws {
        #expect(try self.row.decode("id", as: Int.self) == 7)
        #expect(try self.row.decode("name", as: String.self) == "red")
        #expect(try self.row.decode("name", as: Colour.self) == .red)
        #expect(try self.row.decode("ratio", as: Double.self) == 0.5)
        #expect(try self.row.decode("digest", as: [UInt8].self) == [1, 2])
        #expect(try self.row.decode("nothing", as: String?.self) == nil)
        #expect(try self.row.decode("id", as: Int?.self) == 7)
    }

    @Test
    func `a value of another type is an error that names column and types`() throws {
        let error = try #require(throws: DatabaseError.self) { try self.row.decode("name", as: Int.self) }

        #expect(error.code == .decoding)
        #expect(error.message == "the column \"name\" holds text, which cannot be read as Int")
    }

    @Test
    func `NULL is an error unless the type is optional`() throws {
        let error = try #require(throws: DatabaseError.self) { try self.row.decode("nothing", as: String.self) }

        #expect(error.message.contains("holds NULL"))
    }

    @Test
    func `a column that is not there is an error that names those that are`() throws {
        let error = try #require(throws: DatabaseError.self) { try self.row.decode("Name", as: String.self) }

        #expect(error.message == "the row has no column \"Name\", only id, name, ratio, digest, nothing, flag")
    }

    @Test
    func `an integer that is neither 0 nor 1 is no Bool, and an unknown raw value no enumeration`() throws {
        #expect(throws: DatabaseError.self) { try self.row.decode("flag", as: Bool.self) }
        #expect(Colour(sqlValue: .text("blue")) == nil)
    }

    @Test(arguments: [0, 1_768_456_320.123_456, -1, 4_102_444_800.999_999])
    func `a date keeps its microseconds`(seconds: Double) throws {
        let date = Date(timeIntervalSince1970: seconds)

        #expect(date.sqlValue == .integer(Int64((seconds * 1_000_000).rounded())))
        #expect(Date(sqlValue: date.sqlValue)?.sqlValue == date.sqlValue)
    }

    @Test
    func `a date beyond 64 bits becomes the end of the range`() {
        #expect(Date.distantFuture.addingTimeInterval(1e18).sqlValue == .integer(.max))
        #expect(Date(timeIntervalSince1970: -1e18).sqlValue == .integer(.min))
    }
}
