import Crypto

/// A name-based UUID (version digit 3) of an object of the plan, kept as two words because a large plan has hundreds of
/// thousands of them.
package struct EntityID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// The id of the entity named `key` in a plan made from `seed`: the MD5 digest of `<seed>|<key>`.
    package init(seed: UInt64, key: String) {
        var digest = Insecure.MD5()
        digest.update(data: Array("\(seed)|\(key)".utf8))
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in digest.finalize().enumerated() {
            if index < 8 {
                words.0 = words.0 << 8 | UInt64(byte)
            } else {
                words.1 = words.1 << 8 | UInt64(byte)
            }
        }
        self.high = words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x3000
        self.low = words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// The order of the texts.
    package static func < (left: EntityID, right: EntityID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// Reads the canonical text form, in either case; nil for anything else.
    package init?(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var length = 0
        for byte in text.utf8 {
            defer { length += 1 }
            if length == 8 || length == 13 || length == 18 || length == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt64(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
            if digits < 16 {
                words.0 = words.0 << 4 | digit
            } else {
                words.1 = words.1 << 4 | digit
            }
            digits += 1
        }
        guard length == 36 else { return nil }
        self.high = words.0
        self.low = words.1
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = digit < 16 ? self.high : self.low
                let nibble = UInt8(truncatingIfNeeded: word >> UInt64((15 - digit % 16) * 4)) & 0xF
                buffer[position] = nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "a")
                position += 1
            }
            return position
        }
    }

    /// The 32 digits in upper case without hyphens, the form of agent ids.
    var compactUppercase: String {
        self.description.uppercased().filter { $0 != "-" }
    }
}
