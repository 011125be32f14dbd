import Crypto
import CryptoExtras
import Foundation
import KeyFiles
import Testing

@Suite("Signing keys")
struct SigningKeysTests {
    private let path = FileManager.default.temporaryDirectory
        .appending(path: "resync-signing-keys-\(UUID().uuidString)/key.pem").path

    @Test func `a missing file is created once and read from then on`() throws {
        let first = try SigningKeys.loadOrCreate(self.path)

        let second = try SigningKeys.loadOrCreate(self.path)

        #expect(first.signing.id == second.signing.id)
        #expect(first.signing.id.count == 16)
        #expect(first.all.count == 1)
    }

    @Test func `the first key of several signs and all verify`() throws {
        let new = Curve25519.Signing.PrivateKey()
        let old = Curve25519.Signing.PrivateKey()
        let text = "# new\n\(new.pemRepresentation)\n# old\n\(old.pemRepresentation)\n"
        _ = try PrivateFile.create(self.path, contents: Array(text.utf8))

        let keys = try SigningKeys(contentsOf: self.path)

        #expect(keys.signing.id == SigningKeys.id(of: new.publicKey))
        #expect(keys.all.map(\.id) == [new, old].map { SigningKeys.id(of: $0.publicKey) })
    }

    @Test func `a key written by openssl is read`() throws {
        // RFC 8410, section 10.3.
        let pem = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
            -----END PRIVATE KEY-----
            """
        _ = try PrivateFile.create(self.path, contents: Array(pem.utf8))

        let keys = try SigningKeys(contentsOf: self.path)

        let publicKey = keys.signing.publicKey.rawRepresentation.base64EncodedString()
        #expect(publicKey == "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
    }

    @Test(arguments: ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "-----BEGIN"])
    func `a file without a key is refused without quoting it`(content: String) throws {
        _ = try PrivateFile.create(self.path, contents: Array(content.utf8))

        let error = #expect(throws: KeyFileError.self) { try SigningKeys(contentsOf: self.path) }

        #expect(error?.code == .malformed)
        #expect(error?.message.contains("AAAA") == false)
    }
}
