import Crypto
import Foundation
import JSON
import KeyFiles

/// A signed statement of how long the log was and what its last hash was.
///
/// Written as a C2SP signed note (https://c2sp.org/signed-note): the log's name, the size, the hash in base64, the time,
/// the size of the checkpoint before it, an empty line, the signature. The third line is the hash of the chain, not the
/// root of a Merkle tree.
package struct Checkpoint: Sendable, Hashable {
    package let logID: String
    package let size: Int64

    /// Hexadecimal; the start of the chain when the log is empty.
    package let hash: String

    /// Milliseconds since 1970.
    package let time: Int64

    /// The size of the checkpoint signed before this one; nil for the first.
    package let previousSize: Int64?

    /// The note as it was signed.
    package let note: String

    init(
        logID: String,
        size: Int64,
        hash: String,
        time: Int64,
        previousSize: Int64?,
        signedWith key: SigningKeys.Key
    ) throws(AuditError) {
        self.logID = logID
        self.size = size
        self.hash = hash
        self.time = time
        self.previousSize = previousSize
        let text = Self.text(logID: logID, size: size, hash: hash, time: time, previousSize: previousSize)
        do {
            let signature = try key.privateKey.signature(for: Array(text.utf8))
            let name = Self.name(ofLog: logID)
            let signed = Self.keyHash(name: name, key.publicKey) + Array(signature)
            self.note = "\(text)\n\u{2014} \(name) \(Data(signed).base64EncodedString())\n"
        } catch {
            throw AuditError(.unavailable, "cannot sign a checkpoint of size \(size)", cause: error)
        }
    }

    /// Reads a note and checks its signature with any of the keys.
    ///
    /// Throws `.corrupt`, saying whether the form, the key or the signature is wrong.
    package init(note: String, keys: [Curve25519.Signing.PublicKey]) throws(AuditError) {
        let parts = note.split(separator: "\n\n", omittingEmptySubsequences: false)
        let lines = parts.first?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) ?? []
        guard parts.count == 2, lines.count == 5, lines[0].hasPrefix(Self.namePrefix),
            let size = Int64(lines[1]), size >= 0,
            let hash = Data(base64Encoded: lines[2]), hash.count == SHA256.byteCount,
            let time = Self.value("time ", of: lines[3]).flatMap({ RFC3339.epochMilliseconds($0) }),
            let previous = Self.value("previous ", of: lines[4])
        else {
            throw AuditError(.corrupt, "a checkpoint does not have the form of one")
        }
        self.logID = String(lines[0].dropFirst(Self.namePrefix.count))
        self.size = size
        self.hash = Hexadecimal.text(hash)
        self.time = time
        self.previousSize = Int64(previous)
        self.note = note
        let text = Self.text(
            logID: self.logID,
            size: size,
            hash: self.hash,
            time: time,
            previousSize: self.previousSize
        )
        guard text == "\(parts[0])\n" else {
            throw AuditError(.corrupt, "the checkpoint of size \(size) is not written as it was signed")
        }
        try Self.verify(text: text, signatures: String(parts[1]), name: lines[0], size: size, keys: keys)
    }

    private static let namePrefix = "resync-audit/"

    private static func name(ofLog logID: String) -> String { Self.namePrefix + logID }

    private static func value(_ key: String, of line: String) -> String? {
        line.hasPrefix(key) ? String(line.dropFirst(key.count)) : nil
    }

    private static func text(logID: String, size: Int64, hash: String, time: Int64, previousSize: Int64?) -> String {
        let hashBytes = Data(Hexadecimal.bytes(hash) ?? [])
        return """
            \(Self.name(ofLog: logID))
            \(size)
            \(hashBytes.base64EncodedString())
            time \(RFC3339.string(epochMilliseconds: time))
            previous \(previousSize.map { String($0) } ?? "none")

            """
    }

    private static func verify(
        text: String,
        signatures: String,
        name: String,
        size: Int64,
        keys: [Curve25519.Signing.PublicKey]
    ) throws(AuditError) {
        var knowsKey = false
        for line in signatures.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "\u{2014}", words[1] == name,
                let signed = Data(base64Encoded: String(words[2])), signed.count == 4 + 64,
                // Base64 has bits that decode to nothing: a note that differs there is not the one that was signed.
                signed.base64EncodedString() == words[2]
            else { continue }
            for key in keys where Self.keyHash(name: name, key) == Array(signed.prefix(4)) {
                knowsKey = true
                if key.isValidSignature(signed.dropFirst(4), for: Array(text.utf8)) { return }
            }
        }
        let reason = knowsKey ? "has a wrong signature" : "is not signed with a known key"
        throw AuditError(.corrupt, "the checkpoint of size \(size) \(reason)")
    }

    /// The key's number in a note: `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`, first four bytes.
    private static func keyHash(name: String, _ key: Curve25519.Signing.PublicKey) -> [UInt8] {
        Array(SHA256.hash(data: Array(name.utf8) + [0x0A, 0x01] + Array(key.rawRepresentation)).prefix(4))
    }
}
