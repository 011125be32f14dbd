import Crypto

/// A secret that can be exchanged once for new tokens: 256 random bits, of which only the SHA-256 is stored.
///
/// A plain hash is enough for a random secret: there is nothing to guess.
struct RefreshToken: Sendable {
    let secret: String
    let digest: [UInt8]

    static func random() -> Self {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { [UInt8]($0) }
        return Self(verbatim: Base64URL.encode(bytes))
    }

    /// Nil unless the text has the form of a refresh token.
    init?(_ text: String) {
        guard text.utf8.count == 43, text.utf8.allSatisfy(Base64URL.isAllowed) else { return nil }
        self.init(verbatim: text)
    }

    private init(verbatim secret: String) {
        self.secret = secret
        self.digest = Array(SHA256.hash(data: Array(secret.utf8)))
    }
}
