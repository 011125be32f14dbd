/// The identifiers of W3C trace context (https://www.w3.org/TR/trace-context/), version 00.
package struct TraceContext: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    package let spanID: String
    package let flags: UInt8

    /// Nil when the field is not valid: the specification wants it ignored, not answered with an error.
    package init?(header: String) {
        let fields = header.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard
            fields.count >= 4, fields[0].count == 2, Self.isHexadecimal(fields[0]), !fields[0].elementsEqual("ff".utf8),
            // Version 00 has exactly four fields; later ones may have more.
            fields.count == 4 || !fields[0].elementsEqual("00".utf8),
            fields[1].count == 32, Self.isHexadecimal(fields[1]),
            fields[1].contains(where: { $0 != UInt8(ascii: "0") }),
            fields[2].count == 16, Self.isHexadecimal(fields[2]),
            fields[2].contains(where: { $0 != UInt8(ascii: "0") }),
            fields[3].count == 2, Self.isHexadecimal(fields[3]),
            let flags = UInt8(String(decoding: fields[3], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(
            traceID: String(decoding: fields[1], as: UTF8.self),
            spanID: String(decoding: fields[2], as: UTF8.self),
            flags: flags
        )
    }

    private init(traceID: String, spanID: String, flags: UInt8) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// The same trace with a span of ours; `number` must not be zero.
    package func child(span number: UInt64) -> Self {
        let digits = String(number, radix: 16)
        let padding = String(repeating: "0", count: 16 - digits.utf8.count)
        return Self(traceID: self.traceID, spanID: padding + digits, flags: self.flags)
    }

    package var header: String {
        let digits = String(self.flags, radix: 16)
        return "00-\(self.traceID)-\(self.spanID)-\(digits.utf8.count == 1 ? "0" : "")\(digits)"
    }

    private static func isHexadecimal(_ bytes: Substring.UTF8View) -> Bool {
        bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
            default: false
            }
        }
    }
}
