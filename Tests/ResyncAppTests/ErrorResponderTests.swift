import Auditing
import Authentication
import Database
import InboundHTTP
import NIOHTTP1
import Pooling
import TWS
import Testing

@testable import ResyncApp
@testable import WebSockets

@Suite("Errors as problems")
struct ErrorResponderTests {
    struct Expected: Sendable, CustomTestStringConvertible {
        let error: any Error
        let status: UInt
        let code: String
        var testDescription: String { "\(self.error)" }

        init(_ error: any Error, _ status: UInt, _ code: String) {
            self.error = error
            self.status = status
            self.code = code
        }
    }

    private static func pool(_ code: PoolError.Code) -> PoolError { PoolError(code: code, pool: "p", message: "m") }
    private static func scheduler(_ code: TWSError.Code) -> TWSError { TWSError(code: code, message: "m") }

    static let expected: [Expected] = [
        Expected(AuthenticationError(.invalidCredentials, "m"), 401, "unauthenticated"),
        Expected(AuthenticationError(.expiredToken, "m"), 401, "unauthenticated"),
        Expected(AuthenticationError(.throttled(retryAfter: .seconds(7)), "m"), 429, "rate-limited"),
        Expected(AuthenticationError(.overloaded(retryAfter: .seconds(1)), "m"), 503, "pool-exhausted"),
        Expected(AuthenticationError(.accountExists, "m"), 409, "conflict"),
        Expected(SocketRefusal(reason: .full, message: "m"), 429, "rate-limited"),
        Expected(SocketRefusal(reason: .suspended, message: "m"), 503, "pool-exhausted"),
        Expected(SocketRefusal(reason: .draining, message: "m"), 503, "shutting-down"),
        Expected(Self.pool(.timeout), 503, "pool-exhausted"), Expected(Self.pool(.exhausted), 503, "pool-exhausted"),
        Expected(Self.pool(.connectFailed), 503, "database-unavailable"),
        Expected(Self.pool(.invalidSize), 400, "invalid-request"), Expected(Self.pool(.closed), 503, "shutting-down"),
        Expected(DatabaseError(.connection, "m"), 503, "database-unavailable"),
        Expected(DatabaseError(.timeout, "m"), 504, "deadline-exceeded"),
        Expected(Self.scheduler(.unreachable), 502, "upstream-failed"),
        Expected(Self.scheduler(.timeout), 504, "upstream-timeout"),
        Expected(Self.scheduler(.notFound), 404, "not-found"), Expected(Self.scheduler(.rejected), 409, "conflict"),
        Expected(Self.scheduler(.circuitOpen), 503, "circuit-open"),
        Expected(Self.scheduler(.busy), 503, "pool-exhausted"),
        Expected(Self.scheduler(.unauthenticated), 502, "upstream-failed"),
        Expected(AuditError(.unavailable, "m"), 503, "audit-unavailable"),
        Expected(AuditError(.notFound, "m"), 404, "not-found"),
    ]

    @Test(arguments: expected) func `every error has its status and code`(_ expected: Expected) throws {
        let problem = try #require(ErrorResponder.problem(for: expected.error))
        #expect(problem.status.code == expected.status)
        #expect(problem.code == expected.code)
    }

    @Test func `an error nobody expected has no problem of its own`() {
        struct Unexpected: Error {}
        #expect(ErrorResponder.problem(for: Unexpected())?.code == nil)
        #expect(ErrorResponder.problem(for: DatabaseError(.syntax, "m"))?.code == nil)
    }

    @Test func `what a client may retry says when`() throws {
        let throttled = AuthenticationError(.throttled(retryAfter: .seconds(7)), "m")
        #expect(try #require(ErrorResponder.problem(for: throttled)).retryAfter == 7)
        let open = TWSError(code: .circuitOpen, message: "m", retryAfter: .milliseconds(1270))
        #expect(ErrorResponder.problem(for: open)?.retryAfter == 2, "not before the breaker lets a call through")
        #expect(try #require(ErrorResponder.problem(for: Self.pool(.timeout))).retryAfter != nil)
        #expect(try #require(ErrorResponder.problem(for: Self.scheduler(.circuitOpen))).retryAfter != nil)
    }
}
