import Foundation

/// A password's scrypt hash with everything needed to verify it, written
/// `$scrypt$ln=15,r=8,p=1$<salt>$<key>` in unpadded base64 (the PHC string format).
struct PasswordHash: Sendable, Hashable {
    let cost: ScryptCost
    let salt: [UInt8]
    let key: [UInt8]

    init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    var encoded: String {
        "$scrypt$\(self.cost.encoded)$\(Self.base64(self.salt))$\(Self.base64(self.key))"
    }

    /// Nil unless the text is exactly what `encoded` writes, with a cost this program is willing to pay.
    init?(_ encoded: String) {
        let parts = encoded.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = ScryptCost(encoded: parts[2]),
            let salt = Self.bytes(parts[3]), (8...64).contains(salt.count),
            let key = Self.bytes(parts[4]), (16...64).contains(key.count)
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { [UInt8]($0) }
    }
}

/// The cost parameters of scrypt (RFC 7914).
package struct ScryptCost: Sendable, Hashable {
    /// The binary logarithm of N.
    package let logarithm: Int
    package let blockSize: Int
    package let parallelism: Int

    /// N = 2^15, r = 8, p = 1: 32 MiB and about a tenth of a second.
    package static let standard = Self(logarithm: 15, blockSize: 8, parallelism: 1)

    package init(logarithm: Int, blockSize: Int, parallelism: Int) {
        self.logarithm = logarithm
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    var rounds: Int { 1 << self.logarithm }

    var encoded: String { "ln=\(self.logarithm),r=\(self.blockSize),p=\(self.parallelism)" }

    /// Bounded, because whoever can write to the table must not be able to take the memory of the server as well.
    init?(encoded: String) {
        let pattern = /ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})/
        guard let match = encoded.wholeMatch(of: pattern),
            let logarithm = Int(match.1), let blockSize = Int(match.2), let parallelism = Int(match.3),
            (4...18).contains(logarithm), (1...16).contains(blockSize), (1...8).contains(parallelism)
        else { return nil }
        self.init(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism)
    }
}
