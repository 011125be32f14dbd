import Foundation
import JWTKit

/// The content of an access token (RFC 9068's claims, as far as they apply).
///
/// Times are whole seconds since 1970: a decoder of integers refuses `"exp": "9999999999"` and `1e300`.
struct AccessTokenClaims: JWTPayload {
    let issuer: String
    let audience: String
    let issuedAt: Int
    let expiresAt: Int
    let tokenID: String
    let accountID: String
    let accountName: String
    let sessionID: String
    let generation: Int
    let roles: [String]

    private enum CodingKeys: String, CodingKey {
        case issuer = "iss"
        case audience = "aud"
        case issuedAt = "iat"
        case expiresAt = "exp"
        case tokenID = "jti"
        case accountID = "sub"
        case accountName = "name"
        case sessionID = "sid"
        case generation = "gen"
        case roles
    }

    /// Nothing to do here: `TokenVerifier` checks the claims against its settings and the time.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// The one form of header our access tokens have.
///
/// Every byte of it is known in advance, so that a verifier compares instead of parsing: no `alg`, `crit`, `jku`, `zip`
/// or anything else a header could say is ever interpreted (RFC 8725, 3.1).
enum AccessTokenHeader {
    static func fields(keyID: String) -> JWTHeader {
        ["alg": "EdDSA", "kid": .string(keyID), "typ": "at+jwt"]
    }

    /// Encodes with sorted keys, which makes the bytes predictable.
    static let serializer: DefaultJWTSerializer = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return DefaultJWTSerializer(jsonEncoder: encoder)
    }()

    static func encoded(keyID: String) -> String {
        let json = #"{"alg":"EdDSA","kid":"\#(keyID)","typ":"at+jwt"}"#
        return Base64URL.encode(Array(json.utf8))
    }
}
