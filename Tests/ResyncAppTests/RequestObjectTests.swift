import InboundHTTP
import Testing

@testable import ResyncApp

@Suite("Objects sent by clients")
struct RequestObjectTests {
    private func object(_ body: String) async throws -> RequestObject {
        try await RequestObject(
            RequestFixture.request(
                "/list",
                method: .POST,
                headers: ["host": "resync.test", "content-type": "application/json"],
                body: body
            )
        )
    }

    private func violation(
        _ body: String,
        _ read: (RequestObject) throws -> Void
    ) async throws -> HTTPProblem.Violation? {
        let object = try await self.object(body)
        let problem = #expect(throws: HTTPProblem.self) { try read(object) }
        #expect(problem?.status == .badRequest)
        return problem?.errors.first
    }

    @Test func `a violation names the field, what was found and what was expected`() async throws {
        let number = try await self.violation(#"{"a":5}"#) { _ = try $0.string("a", upTo: 9) }
        #expect(number == .init(pointer: "/a", message: "expected a text of at most 9 bytes, not a number"))
        let long = try await self.violation(#"{"a":"0123456789"}"#) { _ = try $0.string("a", upTo: 9) }
        #expect(long?.message == "10 bytes: expected a text of at most 9")
        let large = try await self.violation(#"{"a":12}"#) { _ = try $0.int("a", in: 1...9) }
        #expect(large?.message == "12: expected a whole number from 1 to 9")
        let fraction = try await self.violation(#"{"a":1.5}"#) { _ = try $0.int("a", in: 1...9) }
        #expect(fraction?.pointer == "/a")
        let text = try await self.violation(#"{"a":"yes"}"#) { _ = try $0.optionalBool("a") }
        #expect(text?.message == "a text: expected true or false")
        let missing = try await self.violation("{}") { _ = try $0.string("a", upTo: 9) }
        #expect(missing?.pointer == "/a")
    }

    @Test func `fields nobody asked for are refused by name`() async throws {
        let object = try await self.object(#"{"a":"x","b":1,"c":2}"#)
        _ = try object.string("a", upTo: 9)
        let problem = #expect(throws: HTTPProblem.self) { try object.finish() }
        #expect(problem?.errors.map(\.pointer) == ["/b", "/c"])
    }

    @Test(arguments: [#"{"a":"x","a":"y"}"#, "[]", "5", "", "{", #"{"a":}"#])
    func `what is no object with each field once is refused`(_ body: String) async throws {
        let problem = await #expect(throws: HTTPProblem.self) { try await self.object(body) }
        #expect(problem?.status == .badRequest)
    }

    @Test func `parameters of an action are held to the same rules`() throws {
        func parameters(_ json: String) throws -> ActionParameters {
            ActionParameters(try .init(parsing: Array(json.utf8)))
        }
        let large = #expect(throws: HTTPProblem.self) { try parameters(#"{"p":102}"#).int("p", in: 0...101) }
        #expect(
            large?.errors == [
                .init(pointer: "/parameters/p", message: "102: expected a whole number from 0 to 101")
            ]
        )
        for wrong in [#"{"p":1,"p":2}"#, #"{"q":1}"#, "[]"] {
            let parameters = try parameters(wrong)
            #expect(throws: HTTPProblem.self, "\(wrong)") {
                _ = try parameters.int("p", in: 0...101)
                try parameters.finish()
            }
        }
    }
}
