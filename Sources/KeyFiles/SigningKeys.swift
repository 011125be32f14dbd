import Crypto
import CryptoExtras

/// The Ed25519 keys of one key file: the first signs, all of them verify.
///
/// The file is PEM (PKCS #8, as `openssl genpkey -algorithm ed25519` writes it). A key is rotated by putting the new
/// one in front and removing the old one when nothing it signed is in use any more.
package struct SigningKeys: Sendable {
    package let signing: Key

    /// All keys of the file, the signing one first.
    package let all: [Key]

    /// One key with the name it is found by.
    package struct Key: Sendable {
        /// The first 16 hexadecimal digits of the SHA-256 of the public key.
        package let id: String
        package let privateKey: Curve25519.Signing.PrivateKey

        package var publicKey: Curve25519.Signing.PublicKey { self.privateKey.publicKey }

        package init(_ privateKey: Curve25519.Signing.PrivateKey) {
            self.privateKey = privateKey
            self.id = SigningKeys.id(of: privateKey.publicKey)
        }
    }

    package init(signing: Key, verifyingOnly: [Key] = []) {
        self.signing = signing
        self.all = [signing] + verifyingOnly
    }

    /// Reads the keys of a file.
    package init(contentsOf path: String) throws(KeyFileError) {
        let text = String(decoding: try PrivateFile.read(path), as: UTF8.self)
        var keys: [Key] = []
        for block in Self.blocks(of: text) {
            do {
                keys.append(Key(try Curve25519.Signing.PrivateKey(pemRepresentation: block)))
            } catch {
                // The cause is left out: it might quote the key.
                throw KeyFileError(.malformed, "block \(keys.count + 1) of \(path) is not an Ed25519 private key")
            }
        }
        guard let signing = keys.first else {
            throw KeyFileError(.malformed, "\(path) holds no PEM block of a private key")
        }
        self.init(signing: signing, verifyingOnly: Array(keys.dropFirst()))
    }

    /// Reads the keys of a file, after writing a new key there when the file is missing.
    package static func loadOrCreate(_ path: String) throws(KeyFileError) -> Self {
        do {
            return try Self(contentsOf: path)
        } catch  where error.code == .missing {
            let pem = Curve25519.Signing.PrivateKey().pemRepresentation + "\n"
            _ = try PrivateFile.create(path, contents: Array(pem.utf8))
            return try Self(contentsOf: path)
        }
    }

    package static func id(of publicKey: Curve25519.Signing.PublicKey) -> String {
        SHA256.hash(data: publicKey.rawRepresentation).prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func blocks(of text: String) -> [String] {
        let end = "-----END PRIVATE KEY-----"
        return text.split(separator: "-----BEGIN", omittingEmptySubsequences: false).dropFirst().map { rest in
            let block = "-----BEGIN" + rest
            guard let range = block.firstRange(of: end) else { return block }
            return String(block[..<range.upperBound])
        }
    }
}
