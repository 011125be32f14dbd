import InboundHTTP
import Testing

@testable import ResyncApp

@Suite("Idempotency keys")
struct IdempotencyKeysTests {
    private let keys = IdempotencyKeys()

    private func claim(_ key: String, user: String = "a", request: [UInt8] = [1]) throws -> [UInt8]? {
        switch try self.keys.claim(key, user: user, request: request) {
        case .new: nil
        case .finished(let outcome): try outcome.get()
        }
    }

    @Test func `the second request gets the answer of the first`() throws {
        #expect(try self.claim("k") == nil)
        self.keys.finish("k", user: "a", outcome: .success([7]))

        #expect(try self.claim("k") == [7])
        #expect(try self.claim("k", user: "b") == nil, "keys belong to their user")
    }

    @Test func `a key is refused for another request, and while its own is under way`() throws {
        #expect(try self.claim("k") == nil)

        let busy = #expect(throws: HTTPProblem.self) { try self.claim("k") }
        #expect(busy?.code == "conflict")
        let other = #expect(throws: HTTPProblem.self) { try self.claim("k", request: [2]) }
        #expect(other?.code == "idempotency-mismatch")
        #expect(throws: HTTPProblem.self) { try self.claim("") }
    }

    @Test func `an error after which the action may have been carried out is repeated and not the action`() throws {
        #expect(try self.claim("k") == nil)
        self.keys.finish("k", user: "a", outcome: .failure(HTTPProblem(.gatewayTimeout, code: "upstream-timeout")))

        let repeated = #expect(throws: HTTPProblem.self) { try self.claim("k") }
        #expect(repeated?.code == "upstream-timeout")
    }

    @Test func `after a failure that did nothing the key may be used again`() throws {
        #expect(try self.claim("k") == nil)
        self.keys.abandon("k", user: "a")

        #expect(try self.claim("k") == nil)
    }
}
