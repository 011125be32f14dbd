/// Why somebody was not let in, or an account not changed.
package struct AuthenticationError: Error {
    package let code: Code

    /// What happened, for logs and the audit log.
    ///
    /// A client is told no more than the code: whether an account exists, is disabled or has another password must look
    /// the same from outside.
    package let message: String

    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The kinds of failure callers tell apart.
    package enum Code: Sendable, Hashable {
        /// Unknown account, disabled account or wrong password.
        case invalidCredentials
        /// Too many failed attempts; nothing was verified.
        case throttled(retryAfter: Duration)
        /// Too many passwords wait for verification.
        case overloaded(retryAfter: Duration)
        /// The access token is not one of ours.
        case invalidToken
        /// The access token was valid once.
        case expiredToken
        /// The session or the account behind a token was revoked.
        case revokedToken
        /// The refresh token is unknown, expired or belongs to a session that ended.
        case invalidRefreshToken
        /// The refresh token was used before; its whole session is revoked now.
        case reusedRefreshToken
        /// The new password breaks the policy in these ways.
        case passwordRejected([PasswordPolicy.Violation])
        case invalidName
        case accountExists
        case accountMissing
        /// A stored value is not one this module writes.
        case corrupt
        /// Hashing or signing failed.
        case cryptography
    }
}

extension AuthenticationError: CustomStringConvertible {
    package var description: String {
        self.cause.map { "\(self.message): \($0)" } ?? self.message
    }
}
