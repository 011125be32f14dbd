/// Whose connection it is, as far as WebSockets need to know.
package struct SocketUser: Sendable {
    package let name: String
    package let roles: Set<String>
    /// When the credentials end; the connection is closed then unless the client has sent new ones.
    package let expiresAt: ContinuousClock.Instant
    /// Whether the credentials still hold; asked when somebody's access has changed, so it must be quick.
    let isInForce: @Sendable () -> Bool

    package init(
        name: String,
        roles: Set<String>,
        expiresAt: ContinuousClock.Instant,
        isInForce: @escaping @Sendable () -> Bool = { true }
    ) {
        self.name = name
        self.roles = roles
        self.expiresAt = expiresAt
        self.isInForce = isInForce
    }
}
