import Foundation

/// Whom an access token stands for.
package struct AuthenticatedUser: Sendable, Hashable {
    package let name: String
    package let roles: Set<Role>
    package let accountID: String

    /// The login the token descends from; logging out ends it.
    package let sessionID: String
    package let tokenID: String
    package let expiresAt: Date

    /// The account's generation when the token was issued.
    let generation: Int
}
