import Crypto
import CryptoExtras
import Foundation

/// Hashes and verifies passwords with scrypt, a bounded number at a time.
///
/// Passwords are brought into Unicode's NFKC first, so that the same characters typed on different keyboards are the
/// same password.
package final class PasswordHasher: Sendable {
    private let cost: ScryptCost
    private let queue: HashingQueue

    /// What the passwords of unknown accounts are verified against, so that they take as long as known ones.
    private let decoy: PasswordHash

    private static let keyByteCount = 32
    private static let maximumPasswordBytes = 4096

    /// Two at a time are 64 MiB of memory; the queue of 32 is worked off in less than two seconds.
    package init(cost: ScryptCost = .standard, concurrency: Int = 2, maximumWaiting: Int = 32) {
        self.cost = cost
        self.queue = HashingQueue(concurrency: concurrency, maximumWaiting: maximumWaiting)
        self.decoy = PasswordHash(
            cost: cost,
            salt: Self.randomBytes(16),
            key: Self.randomBytes(Self.keyByteCount)
        )
    }

    /// The encoded hash of a password under a new salt.
    package func hash(_ password: String) async throws -> String {
        guard Self.isAcceptable(password) else {
            throw AuthenticationError(.cryptography, "an empty or oversized password cannot be hashed")
        }
        let cost = self.cost
        return try await self.queue.run {
            let salt = Self.randomBytes(16)
            let key = try Self.key(of: password, salt: salt, cost: cost, byteCount: Self.keyByteCount)
            return PasswordHash(cost: cost, salt: salt, key: key).encoded
        }
    }

    /// Whether the password belongs to the encoded hash; without one, false after the same work.
    package func verify(_ password: String, against encoded: String?) async throws -> Bool {
        let decoded = encoded.map { PasswordHash($0) }
        if case .some(.none) = decoded {
            throw AuthenticationError(.corrupt, "the stored password hash is not one this program writes")
        }
        // Independent of the account, hence no hint about it.
        guard Self.isAcceptable(password) else { return false }
        let hash = decoded.flatMap { $0 } ?? self.decoy
        return try await self.queue.run {
            let key = try Self.key(of: password, salt: hash.salt, cost: hash.cost, byteCount: hash.key.count)
            return Self.isEqual(key, hash.key) && encoded != nil
        }
    }

    /// Whether the hash was made with another cost than new ones are, so that the next login should renew it.
    package func needsRenewal(_ encoded: String) -> Bool {
        PasswordHash(encoded)?.cost != self.cost
    }

    private static func isAcceptable(_ password: String) -> Bool {
        (1...Self.maximumPasswordBytes).contains(password.utf8.count)
    }

    private static func key(
        of password: String,
        salt: [UInt8],
        cost: ScryptCost,
        byteCount: Int
    ) throws -> [UInt8] {
        let normalized = password.precomposedStringWithCompatibilityMapping
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Array(normalized.utf8),
                salt: salt,
                outputByteCount: byteCount,
                rounds: cost.rounds,
                blockSize: cost.blockSize,
                parallelism: cost.parallelism
            )
            return key.withUnsafeBytes { [UInt8]($0) }
        } catch {
            throw AuthenticationError(.cryptography, "scrypt with \(cost.encoded) failed", cause: error)
        }
    }

    /// Takes the same time wherever the first difference is.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { [UInt8]($0) }
    }
}
