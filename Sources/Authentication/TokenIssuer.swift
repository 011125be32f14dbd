import Foundation
import JWTKit
import KeyFiles

/// Signs access tokens with Ed25519.
struct TokenIssuer: Sendable {
    private let settings: AuthenticationSettings
    private let keyID: String
    private let keys: JWTKeyCollection

    init(keys: SigningKeys, settings: AuthenticationSettings) async {
        self.settings = settings
        self.keyID = keys.signing.id
        self.keys = await JWTKeyCollection().add(
            eddsa: EdDSA.PrivateKey(backing: keys.signing.privateKey),
            kid: JWKIdentifier(string: keys.signing.id),
            serializer: AccessTokenHeader.serializer
        )
    }

    /// Returns the token and whom it stands for.
    func issue(
        for account: Account,
        sessionID: String,
        now: Date
    ) async throws -> (token: String, user: AuthenticatedUser) {
        let issuedAt = Int(now.timeIntervalSince1970)
        let expiresAt = issuedAt + Int(self.settings.accessTokenLifetime.components.seconds)
        let claims = AccessTokenClaims(
            issuer: self.settings.issuer,
            audience: self.settings.audience,
            issuedAt: issuedAt,
            expiresAt: expiresAt,
            tokenID: UUID().uuidString.lowercased(),
            accountID: account.id,
            accountName: account.name,
            sessionID: sessionID,
            generation: account.generation,
            roles: account.roles.names
        )
        do {
            let token = try await self.keys.sign(
                claims,
                kid: JWKIdentifier(string: self.keyID),
                header: AccessTokenHeader.fields(keyID: self.keyID)
            )
            return (token, AuthenticatedUser(claims, roles: account.roles))
        } catch {
            throw AuthenticationError(.cryptography, "cannot sign an access token", cause: error)
        }
    }
}

extension AuthenticatedUser {
    init(_ claims: AccessTokenClaims, roles: Set<Role>) {
        self.init(
            name: claims.accountName,
            roles: roles,
            accountID: claims.accountID,
            sessionID: claims.sessionID,
            tokenID: claims.tokenID,
            expiresAt: Date(timeIntervalSince1970: Double(claims.expiresAt)),
            generation: claims.generation
        )
    }
}
