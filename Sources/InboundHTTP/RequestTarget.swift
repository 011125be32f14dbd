/// A request target in origin or absolute form, taken apart.
///
/// A path with percent signs is decoded; a slash that was encoded is kept as the byte 0 then, so that it separates nothing
/// (RFC 3986, section 2.2). The byte 0 itself is refused.
struct RequestTarget {
    private let target: String
    private let path: Range<Int>
    /// Nil when there was nothing to decode.
    private let decodedPath: [UInt8]?
    /// Without its question mark, not decoded; nil without one.
    let query: Substring?

    private static let encodedSlash: UInt8 = 0

    init(_ target: String) throws(HTTPProblem) {
        let parts = Self.parts(of: target)
        if parts.hasFragment { throw HTTPProblem.invalidRequest("A request target has no fragment.") }
        if !parts.startsWithSlash { throw HTTPProblem.invalidRequest("The request target is not a path.") }
        self.target = target
        self.path = parts.path
        self.query = parts.query.map { Self.substring(of: target, $0..<target.utf8.count) }
        if parts.isEncoded {
            let path = Self.substring(of: target, parts.path)
            self.decodedPath = PercentDecoding.decode(path.utf8, encodedSlash: Self.encodedSlash)
            if self.decodedPath == nil {
                throw HTTPProblem.invalidRequest("The path is not validly percent-encoded UTF-8.")
            }
        } else {
            self.decodedPath = nil
        }
    }

    /// What `trie` has for the path; `captures` become places for `capture`.
    func find(in trie: RouteTrie, captures: inout [Range<Int>]) -> Int? {
        if let decodedPath { return trie.find(decodedPath.span, captures: &captures) }
        return trie.find(self.target.utf8Span.span.extracting(self.path), captures: &captures)
    }

    /// A part of the path, decoded.
    func capture(_ range: Range<Int>) -> String {
        if let decodedPath {
            let bytes = decodedPath[range].map { $0 == Self.encodedSlash ? UInt8(ascii: "/") : $0 }
            return String(decoding: bytes, as: UTF8.self)
        }
        let start = self.path.lowerBound + range.lowerBound
        return String(Self.substring(of: self.target, start..<start + range.count))
    }

    /// The path part as sent.
    static func path(of target: String) -> String {
        let range = Self.parts(of: target).path
        return range.count == target.utf8.count ? target : String(Self.substring(of: target, range))
    }

    private struct Parts {
        var path: Range<Int>
        /// Where the query begins.
        var query: Int?
        var startsWithSlash: Bool
        var isEncoded = false
        var hasFragment = false
    }

    private static func parts(of target: String) -> Parts {
        let bytes = target.utf8Span.span
        var start = 0
        // Absolute form, which servers must accept (RFC 9112, section 3.2.2); the Host field has been checked already.
        if !bytes.isEmpty, bytes[0] != UInt8(ascii: "/") { start = Self.endOfAuthority(target) ?? 0 }
        var parts = Parts(path: start..<bytes.count, startsWithSlash: start > 0 && start == bytes.count)
        if start < bytes.count { parts.startsWithSlash = bytes[start] == UInt8(ascii: "/") }
        for index in start..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "?") where parts.query == nil:
                parts.path = start..<index
                parts.query = index + 1
            case UInt8(ascii: "%") where parts.query == nil: parts.isEncoded = true
            case UInt8(ascii: "#"): parts.hasFragment = true
            default: break
            }
        }
        return parts
    }

    /// The place behind scheme and authority; nil when the target has none.
    private static func endOfAuthority(_ target: String) -> Int? {
        for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
            let rest = target.utf8.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            return target.utf8.distance(from: target.utf8.startIndex, to: end)
        }
        return nil
    }

    private static func substring(of target: String, _ range: Range<Int>) -> Substring {
        let start = target.utf8.index(target.utf8.startIndex, offsetBy: range.lowerBound)
        return target[start..<target.utf8.index(start, offsetBy: range.count)]
    }
}

/// Percent-decoding (RFC 3986, section 2.1) that refuses what cannot be meant.
enum PercentDecoding {
    /// Nil when an escape is cut or not hexadecimal, stands for the byte 0, or the result is not UTF-8.
    ///
    /// With `encodedSlash` an escaped slash becomes that byte.
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
