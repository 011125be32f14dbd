import Crypto

/// The hashes that bind each event to all before it.
///
/// `leaf = SHA-256(0x00 ‖ canonical bytes)`, `hash = SHA-256(0x02 ‖ previous hash ‖ leaf)`; before the first event stands
/// `SHA-256("resync audit log" ‖ 0x0A ‖ log id)`, so that no part of another log fits. The prefixes keep leaves and
/// inner hashes apart, as in RFC 6962. There is no Merkle tree: verification reads the whole log anyway, and nobody
/// outside asks for proofs about single events yet.
enum HashChain {
    static func start(logID: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Array("resync audit log\n\(logID)".utf8)))
    }

    /// The hash of the event at `sequence`; nil when `previous` is not a hash.
    static func hash(
        after previous: String,
        sequence: Int64,
        _ value: (AuditField) -> AuditFieldValue
    ) -> String? {
        guard let previousBytes = Hexadecimal.bytes(previous), previousBytes.count == SHA256.byteCount else {
            return nil
        }
        var leaf = SHA256()
        leaf.update(data: [0x00])
        leaf.update(data: CanonicalForm.hashed(sequence, value))
        var chain = SHA256()
        chain.update(data: [0x02])
        chain.update(data: previousBytes)
        chain.update(data: Array(leaf.finalize()))
        return Hexadecimal.text(chain.finalize())
    }

    /// Eight hexadecimal digits for every fact.
    ///
    /// They prove nothing but say which fact an edit has changed.
    static func fingerprints(_ value: (AuditField) -> AuditFieldValue) -> String {
        AuditField.allCases.enumerated().map { index, field in
            var bytes: [UInt8] = [0x03, UInt8(index)]
            CanonicalForm.append(value(field), to: &bytes)
            return Hexadecimal.text(SHA256.hash(data: bytes).prefix(4))
        }.joined()
    }
}

/// Bytes as lower-case hexadecimal text.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(self.digits[Int(byte >> 4)])
            text.append(self.digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil unless the text is what `text` writes: upper-case digits are refused, because they would be a second way to
    /// write the same hash.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
