import InboundHTTP
import JSON
import Testing

@testable import ResyncApp

@Suite("Lists put together for each request")
struct ListResponseTests {
    private func page(_ items: [String], _ query: String = "") throws -> JSONValue {
        let request = try RequestFixture.request("/list?\(query)")
        let response = try HTTPResponse.list(items, for: request, id: { $0 }, write: { $0.value($1) })
        guard case .bytes(let bytes) = response.body else { return .null }
        return try JSONValue(parsing: Array(bytes))
    }

    private func names(_ page: JSONValue) -> [String] { page["items"]?.array?.compactMap(\.string) ?? [] }

    @Test func `a list that fits has no next page and says how fresh it is`() throws {
        let page = try self.page(["a", "b"])

        #expect(self.names(page) == ["a", "b"])
        #expect(page["nextCursor"]?.isNull == true)
        #expect(page["total"]?.int == 2)
        #expect(page["freshness"]?["source"]?.string == "live")
        #expect(try self.page([])["nextCursor"]?.isNull == true)
    }

    @Test func `pages follow each other in the list's own order`() throws {
        let items = ["d", "a", "c", "b", "e"]
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try self.page(items, "limit=2" + (cursor.map { "&cursor=\($0)" } ?? ""))
            seen += self.names(page)
            cursor = page["nextCursor"]?.string
        } while cursor != nil
        #expect(seen == items)
    }

    @Test func `the next page begins behind the last row, wherever it has moved, and where it stood when it is gone`()
        throws
    {
        let cursor = try #require(self.page(["a", "b", "c", "d"], "limit=2")["nextCursor"]?.string)

        #expect(self.names(try self.page(["x", "a", "b", "c", "d"], "limit=2&cursor=\(cursor)")) == ["c", "d"])
        #expect(self.names(try self.page(["a", "c", "d"], "limit=2&cursor=\(cursor)")) == ["c", "d"])
        #expect(self.names(try self.page([], "limit=2&cursor=\(cursor)")) == [])
    }

    @Test func `a cursor of another list is refused`() throws {
        let foreign = try PageRequest(RequestFixture.request("/list")).cursor(after: .init(keys: [], id: "a"))
        let problem = #expect(throws: HTTPProblem.self) { try self.page(["b"], "cursor=\(foreign)") }
        #expect(problem?.errors.first?.pointer == "cursor")
    }
}
