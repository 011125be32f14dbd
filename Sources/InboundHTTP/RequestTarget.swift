/// A request target in origin or absolute form, taken apart.
///
/// The path is decoded; a slash that was percent-encoded is kept as the byte 0 there, so that it separates nothing
/// (RFC 3986, section 2.2). The byte 0 itself is refused.
struct RequestTarget {
    let path: [UInt8]
    /// Without its question mark, not decoded; nil without one.
    let query: Substring?

    static let encodedSlash: UInt8 = 0

    init(_ target: String) throws(HTTPProblem) {
        let (path, query) = Self.split(target)
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw HTTPProblem.invalidRequest("The request target is not a path.")
        }
        if target.utf8.contains(UInt8(ascii: "#")) {
            throw HTTPProblem.invalidRequest("A request target has no fragment.")
        }
        var decoded = Array(path.utf8)
        if decoded.contains(UInt8(ascii: "%")) {
            guard let bytes = PercentDecoding.decode(path.utf8, encodedSlash: Self.encodedSlash) else {
                throw HTTPProblem.invalidRequest("The path is not validly percent-encoded UTF-8.")
            }
            decoded = bytes
        }
        self.path = decoded
        self.query = query
    }

    /// The path part as sent.
    static func path(of target: String) -> String {
        String(Self.split(target).path)
    }

    private static func split(_ target: String) -> (path: Substring, query: Substring?) {
        var rest = target[...]
        // Absolute form, which servers must accept (RFC 9112, section 3.2.2); the Host field has been checked already.
        if rest.utf8.first != UInt8(ascii: "/"), let authority = Self.afterScheme(rest) {
            rest = authority.drop { $0 != "/" && $0 != "?" }
            if rest.isEmpty { return ("/", nil) }
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, nil) }
        let path = rest[..<mark]
        return (path.isEmpty ? "/" : path, rest[rest.utf8.index(after: mark)...])
    }

    private static func afterScheme(_ target: Substring) -> Substring? {
        for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
            return target.dropFirst(scheme.count)
        }
        return nil
    }
}

/// Percent-decoding (RFC 3986, section 2.1) that refuses what cannot be meant.
enum PercentDecoding {
    /// Nil when an escape is cut or not hexadecimal, stands for the byte 0, or the result is not UTF-8. With
    /// `encodedSlash` an escaped slash becomes that byte.
    static func decode(
        _ bytes: some Sequence<UInt8>,
        encodedSlash: UInt8 = UInt8(ascii: "/"),
        plusIsSpace: Bool = false
    ) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard
                    let high = iterator.next().flatMap(Self.digit), let low = iterator.next().flatMap(Self.digit),
                    case let value = high << 4 | low, value != 0
                else { return nil }
                decoded.append(value == UInt8(ascii: "/") ? encodedSlash : value)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self) == nil ? nil : decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
