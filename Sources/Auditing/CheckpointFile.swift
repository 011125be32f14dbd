import Crypto
import KeyFiles

/// The last signed checkpoint, in a file outside the database.
struct CheckpointFile: Sendable {
    let path: String

    /// The checkpoint; nil when there is no file.
    ///
    /// Throws `.corrupt` when what is there is no checkpoint signed with one of the keys.
    func read(keys: [Curve25519.Signing.PublicKey]) throws(AuditError) -> Checkpoint? {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(self.path)
        } catch {
            if error.code == .missing { return nil }
            throw AuditError(.unavailable, "cannot read the last checkpoint", cause: error)
        }
        return try Checkpoint(note: String(decoding: bytes, as: UTF8.self), keys: keys)
    }

    func write(_ checkpoint: Checkpoint) throws(AuditError) {
        do {
            try PrivateFile.replace(self.path, contents: Array(checkpoint.note.utf8))
        } catch {
            throw AuditError(.unavailable, "cannot write the last checkpoint", cause: error)
        }
    }
}
