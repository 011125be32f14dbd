import Auditing
import Authentication
import Database
import InboundHTTP
import NIOHTTP1
import Pooling
import TWS
import WebSockets

/// The only place where an error of a feature becomes a status and a problem document.
enum ErrorResponder {
    /// Nil for errors nobody expected.
    static func problem(for error: any Error) -> HTTPProblem? {
        switch error {
        case let error as AuthenticationError: self.authentication(error)
        case let error as SocketRefusal: self.admission(error)
        case let error as PoolError: self.pool(error)
        case let error as DatabaseError: self.database(error)
        case let error as TWSError: self.scheduler(error)
        case let error as AuditError: self.audit(error)
        default: nil
        }
    }

    private static func authentication(_ error: AuthenticationError) -> HTTPProblem? {
        switch error.code {
        case .invalidCredentials: .unauthenticated("The name or the password is wrong.")
        case .invalidToken: .unauthenticated("The access token is not valid.")
        case .expiredToken: .unauthenticated("The access token has expired.")
        case .revokedToken: .unauthenticated("The session has ended.")
        case .invalidRefreshToken, .reusedRefreshToken: .unauthenticated("The refresh token is not valid any more.")
        case .throttled(let retryAfter):
            HTTPProblem(
                .tooManyRequests,
                code: "rate-limited",
                detail: "Too many failed attempts.",
                retryAfter: self.seconds(retryAfter)
            )
        case .overloaded(let retryAfter):
            HTTPProblem(
                .serviceUnavailable,
                code: "pool-exhausted",
                detail: "Too many passwords wait for verification.",
                retryAfter: self.seconds(retryAfter)
            )
        case .passwordRejected, .invalidName: .invalidRequest(error.message)
        case .accountExists: HTTPProblem(.conflict, code: "conflict", detail: error.message)
        case .accountMissing: HTTPProblem(.notFound, code: "not-found", detail: error.message)
        case .corrupt, .cryptography: nil
        }
    }

    /// Whole seconds, rounded up: who comes back sooner is refused again.
    private static func seconds(_ retryAfter: Duration) -> Int {
        max(1, Int((retryAfter / .seconds(1)).rounded(.up)))
    }

    private static func admission(_ error: SocketRefusal) -> HTTPProblem {
        switch error.reason {
        case .draining: .shuttingDown
        case .suspended:
            HTTPProblem(.serviceUnavailable, code: "pool-exhausted", detail: error.message, retryAfter: 5)
        case .full, .tooManyForUser, .tooManyForAddress:
            HTTPProblem(.tooManyRequests, code: "rate-limited", detail: error.message, retryAfter: 5)
        }
    }

    private static func pool(_ error: PoolError) -> HTTPProblem {
        switch error.code {
        case .invalidSize: .invalidRequest(error.message)
        case .draining, .closed:
            HTTPProblem(.serviceUnavailable, code: "shutting-down", detail: error.message, retryAfter: 5)
        case .connectFailed:
            HTTPProblem(.serviceUnavailable, code: "database-unavailable", detail: error.message, retryAfter: 2)
        default: HTTPProblem(.serviceUnavailable, code: "pool-exhausted", detail: error.message, retryAfter: 1)
        }
    }

    private static func database(_ error: DatabaseError) -> HTTPProblem? {
        switch error.code {
        case .timeout: .deadlineExceeded
        case .syntax, .decoding: nil
        default: HTTPProblem(.serviceUnavailable, code: "database-unavailable", detail: error.message, retryAfter: 2)
        }
    }

    private static func scheduler(_ error: TWSError) -> HTTPProblem {
        let retryAfter = error.retryAfter.map(self.seconds)
        return switch error.code {
        case .unreachable, .interrupted, .failed, .malformedAnswer, .unauthenticated, .forbidden:
            HTTPProblem(.badGateway, code: "upstream-failed", detail: error.message, retryAfter: retryAfter ?? 5)
        case .timeout: HTTPProblem(.gatewayTimeout, code: "upstream-timeout", detail: error.message)
        case .notFound: HTTPProblem(.notFound, code: "not-found", detail: error.message)
        case .rejected, .conflict: HTTPProblem(.conflict, code: "conflict", detail: error.message)
        case .invalidRequest: .invalidRequest(error.message)
        case .overloaded:
            HTTPProblem(.badGateway, code: "upstream-failed", detail: error.message, retryAfter: retryAfter ?? 5)
        case .circuitOpen:
            HTTPProblem(.serviceUnavailable, code: "circuit-open", detail: error.message, retryAfter: retryAfter ?? 1)
        case .busy:
            HTTPProblem(.serviceUnavailable, code: "pool-exhausted", detail: error.message, retryAfter: retryAfter ?? 1)
        }
    }

    private static func audit(_ error: AuditError) -> HTTPProblem? {
        switch error.code {
        case .unavailable, .behind, .closed:
            HTTPProblem(.serviceUnavailable, code: "audit-unavailable", detail: error.message, retryAfter: 5)
        case .tooLarge: .invalidRequest(error.message)
        case .notFound: HTTPProblem(.notFound, code: "not-found", detail: error.message)
        case .corrupt: nil
        }
    }
}
