/// Why the audit log could not do what was asked.
package struct AuditError: Error {
    package let code: Code

    /// What happened in words, with the values that matter.
    package let message: String

    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The kinds of failure callers tell apart.
    package enum Code: Sendable, Hashable {
        /// The event could not be made durable: what it would have recorded must not happen.
        case unavailable
        /// The event is larger than the log accepts.
        case tooLarge
        /// Acknowledged events did not reach the database in time, so an answer would be incomplete.
        case behind
        /// The log was stopped.
        case closed
        /// A spool file, a checkpoint or the database holds something this program does not write.
        case corrupt
        /// No event has this id or sequence.
        case notFound
    }
}

extension AuditError: CustomStringConvertible {
    package var description: String {
        self.cause.map { "\(self.message): \($0)" } ?? self.message
    }
}
