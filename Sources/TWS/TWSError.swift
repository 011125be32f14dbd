import Resilience

/// Why the scheduler did not do what it was asked.
package struct TWSError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// No connection to any of the engine's masters.
        case unreachable
        case timeout
        /// The connection broke, or the answer was cut short, after the request had been sent.
        case interrupted
        /// 401: the credentials are missing, wrong or expired.
        case unauthenticated
        case forbidden
        case notFound
        /// 400 and other refusals: repeating the call would be refused again.
        case rejected
        case conflict
        /// 429 or 503.
        case overloaded
        /// Any other error of the server.
        case failed
        /// An answer that is not what the description promises.
        case malformedAnswer
        /// The circuit breaker of this engine is open.
        case circuitOpen
        /// A limit of our own: too many calls waiting, pool exhausted, shutting down.
        case busy
        /// The call was not made because its arguments cannot be sent.
        case invalidRequest
    }

    package let code: Code
    package let httpStatus: Int?
    /// The scheduler's message number, such as AWSJDB101E.
    package let messageID: String?
    package let message: String
    package let retryAfter: Duration?
    /// False when the call has provably not been executed.
    package let mayHaveBeenExecuted: Bool
    package let cause: (any Error)?

    package init(
        code: Code,
        httpStatus: Int? = nil,
        messageID: String? = nil,
        message: String,
        retryAfter: Duration? = nil,
        mayHaveBeenExecuted: Bool = false,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.httpStatus = httpStatus
        self.messageID = messageID
        self.message = message
        self.retryAfter = retryAfter
        self.mayHaveBeenExecuted = mayHaveBeenExecuted
        self.cause = cause
    }

    init(circuitOpen error: ResilienceError, operation: String) {
        self.init(
            code: .circuitOpen,
            message: "\(operation): \(error.message)",
            retryAfter: error.retryAfter,
            cause: error
        )
    }

    package var description: String {
        let status = self.httpStatus.map { " (HTTP \($0))" } ?? ""
        return "\(self.message)\(status)"
    }

    /// Whether the same call will be refused again however often it is made.
    var isLasting: Bool {
        switch self.code {
        case .forbidden, .notFound, .rejected, .invalidRequest: true
        default: false
        }
    }

    package var failureClass: FailureClass {
        switch self.code {
        case .unreachable: .notSent
        case .timeout, .interrupted, .failed, .malformedAnswer: self.mayHaveBeenExecuted ? .unknown : .notSent
        case .overloaded: .overload(retryAfter: self.retryAfter)
        case .unauthenticated, .forbidden, .notFound, .rejected, .conflict: .permanent
        case .circuitOpen, .busy, .invalidRequest: .local
        }
    }

    /// Maps any error of a call; what is unknown may have been executed.
    static func failureClass(of error: any Error) -> FailureClass {
        switch error {
        case let error as TWSError: error.failureClass
        case is CancellationError: .cancelled
        case is ResilienceError: .local
        default: .unknown
        }
    }
}
