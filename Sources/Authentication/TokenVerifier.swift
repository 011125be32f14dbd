import Concurrency
import Foundation
import JWTKit
import KeyFiles

/// Checks access tokens without the database: signature and claims once per token, expiry and revocation every time.
package final class TokenVerifier: Sendable {
    private let settings: AuthenticationSettings
    private let keys: JWTKeyCollection
    private let acceptedHeaders: Set<Substring>
    private let verified: Locked<RecentEntries<String, AuthenticatedUser>>
    private let revocations: Revocations
    private let now: @Sendable () -> Date

    /// A token of ours has about 500 bytes.
    private static let maximumTokenBytes = 4096

    /// How far the clocks of two nodes may be apart.
    private static let tolerance = 60

    init(
        keys: SigningKeys,
        settings: AuthenticationSettings,
        revocations: Revocations,
        now: @escaping @Sendable () -> Date
    ) async {
        self.settings = settings
        self.keys = JWTKeyCollection()
        for key in keys.all {
            await self.keys.add(
                eddsa: EdDSA.PublicKey(backing: key.publicKey),
                kid: JWKIdentifier(string: key.id)
            )
        }
        self.acceptedHeaders = Set(keys.all.map { AccessTokenHeader.encoded(keyID: $0.id)[...] })
        self.verified = Locked(RecentEntries(capacity: settings.maximumVerifiedTokens))
        self.revocations = revocations
        self.now = now
    }

    /// Whom the token stands for.
    ///
    /// Throws `.invalidToken`, `.expiredToken` or `.revokedToken`. A token seen before costs a look-up; a new one one
    /// Ed25519 verification. Waits for the database only for a valid token of an account this process has not heard
    /// of, which another node may have added a moment ago.
    package func user(of token: String) async throws -> AuthenticatedUser {
        if let user = try self.knownUser(of: token) { return user }
        let claims = try await self.verifiedClaims(of: token)
        guard let roles = Set<Role>(names: claims.roles.joined(separator: ",")) else {
            throw AuthenticationError(.invalidToken, "the token names an unknown role or none")
        }
        let user = AuthenticatedUser(claims, roles: roles)
        try await self.revocations.learn(ofAccount: user.accountID)
        try self.checkInForce(user)
        self.verified.withLock { $0.insert(user, forKey: token) }
        return user
    }

    /// The same for a token seen before, without waiting; nil for others.
    package func knownUser(of token: String) throws(AuthenticationError) -> AuthenticatedUser? {
        guard let user = self.verified.withLock({ $0.value(forKey: token) }) else { return nil }
        try self.checkInForce(user)
        return user
    }

    /// Whether what was true when the user was authenticated still is: for connections that live longer than a request.
    package func isInForce(_ user: AuthenticatedUser) -> Bool {
        user.expiresAt > self.now() && !self.revocations.isRevoked(user)
    }

    private func checkInForce(_ user: AuthenticatedUser) throws(AuthenticationError) {
        guard user.expiresAt > self.now() else {
            throw AuthenticationError(.expiredToken, "the token of \(user.name) expired")
        }
        guard !self.revocations.isRevoked(user) else {
            throw AuthenticationError(.revokedToken, "the session or the account of \(user.name) was revoked")
        }
    }

    private func verifiedClaims(of token: String) async throws -> AccessTokenClaims {
        try self.checkForm(of: token)
        let claims: AccessTokenClaims
        do {
            claims = try await self.keys.verify(token)
        } catch {
            try Task.checkCancellation()
            throw AuthenticationError(.invalidToken, "the signature or the claims of the token are wrong", cause: error)
        }
        try self.check(claims)
        return claims
    }

    private func checkForm(of token: String) throws(AuthenticationError) {
        guard token.utf8.count <= Self.maximumTokenBytes else {
            throw AuthenticationError(.invalidToken, "the token has \(token.utf8.count) bytes")
        }
        let parts = token.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, self.acceptedHeaders.contains(parts[0]) else {
            throw AuthenticationError(.invalidToken, "the token has another form, algorithm or key than ours")
        }
        // 64 bytes of an Ed25519 signature.
        guard parts[2].utf8.count == 86, parts[1...].allSatisfy({ $0.utf8.allSatisfy(Base64URL.isAllowed) }) else {
            throw AuthenticationError(.invalidToken, "the token is not base64url or its signature has a wrong length")
        }
    }

    private func check(_ claims: AccessTokenClaims) throws(AuthenticationError) {
        guard claims.issuer == self.settings.issuer, claims.audience == self.settings.audience else {
            throw AuthenticationError(
                .invalidToken,
                "the token was issued by \(claims.issuer) for \(claims.audience), not for this server"
            )
        }
        let now = Int(self.now().timeIntervalSince1970)
        guard claims.issuedAt <= now + Self.tolerance else {
            throw AuthenticationError(.invalidToken, "the token was issued in the future")
        }
        let lifetime = claims.expiresAt.subtractingReportingOverflow(claims.issuedAt)
        guard !lifetime.overflow, lifetime.partialValue > 0, lifetime.partialValue <= 24 * 3600 else {
            throw AuthenticationError(.invalidToken, "the token lives for an impossible time")
        }
    }
}
