/// How long tokens live, and how much guessing is tolerated.
package struct AuthenticationSettings: Sendable {
    /// The `iss` and the `aud` of access tokens: a token of another installation is refused even with the same key.
    package var issuer = "resync"
    package var audience = "resync-api"

    /// Default 5 minutes: how long an access token outlives a database that went away.
    package var accessTokenLifetime: Duration = .seconds(5 * 60)

    /// Default 12 hours: a session ends after a night without use.
    package var refreshTokenLifetime: Duration = .seconds(12 * 3600)

    /// Default 30 days: when the password is asked for again whatever was used in between.
    package var sessionLifetime: Duration = .seconds(30 * 86_400)

    /// Default 50: the oldest sessions of an account end when it logs in more often.
    package var maximumSessionsPerAccount = 50

    /// Default 2 seconds: how soon a change made by another process counts here.
    package var revocationInterval: Duration = .seconds(2)

    /// Default 10,000: about 7 MB of verified tokens.
    package var maximumVerifiedTokens = 10_000

    package init() {}
}
