/// Whose connection it is, as far as WebSockets need to know.
package struct SocketUser: Sendable, Hashable {
    package let name: String
    package let roles: Set<String>
    /// When the credentials end; the connection is closed then unless the client has sent new ones.
    package let expiresAt: ContinuousClock.Instant
    /// The token the connection was opened with, for closing what a revocation touches.
    package let tokenID: String?

    package init(name: String, roles: Set<String>, expiresAt: ContinuousClock.Instant, tokenID: String? = nil) {
        self.name = name
        self.roles = roles
        self.expiresAt = expiresAt
        self.tokenID = tokenID
    }
}
