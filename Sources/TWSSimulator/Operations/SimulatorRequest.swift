import JSON

/// A request as it came off the wire.
struct SimulatorRequest: Sendable {
    /// Which of the two nodes was asked: 0 or 1.
    var node: Int
    var method: String
    /// Path and query as sent.
    var target: String
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? {
        self.headers.first { $0.name == name }?.value
    }

    /// The target without its query, still percent-encoded.
    var path: String {
        String(self.target.prefix { $0 != "?" })
    }

    /// The path's decoded segments; nil when an encoding is broken.
    var segments: [String]? {
        var result: [String] = []
        for segment in self.path.split(separator: "/") {
            guard let decoded = percentDecoded(segment) else { return nil }
            result.append(decoded)
        }
        return result
    }

    var query: QueryItems { QueryItems(self.target) }

    /// The body as JSON; an empty one is an empty object.
    func json() throws(OperationError) -> JSONValue {
        guard !self.body.isEmpty else { return .object([]) }
        do {
            let value = try JSONValue(parsing: self.body)
            guard value.fields != nil else { throw OperationError.badRequest("The body is not a JSON object.") }
            return value
        } catch {
            throw .badRequest("The body is not a JSON object.")
        }
    }
}

/// The decoded items of a query, in order.
struct QueryItems: Sendable {
    let items: [(name: String, value: String)]

    init(_ target: String) {
        guard let mark = target.firstIndex(of: "?") else {
            self.items = []
            return
        }
        self.items = target[target.index(after: mark)...].split(separator: "&").map { item in
            let halves = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = percentDecoded(halves[0], plusIsSpace: true) ?? String(halves[0])
            let value = halves.count > 1 ? percentDecoded(halves[1], plusIsSpace: true) ?? String(halves[1]) : ""
            return (name, value)
        }
    }

    subscript(name: String) -> String? {
        self.items.first { $0.name == name }?.value
    }

    /// Nil when absent; throws for anything that is no integer within `range`.
    func int(_ name: String, in range: ClosedRange<Int>) throws(OperationError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .badRequest(
                "The parameter \(name) is not an integer from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// Nil when absent; throws for anything but true and false.
    func bool(_ name: String) throws(OperationError) -> Bool? {
        guard let text = self[name] else { return nil }
        guard let value = Bool(text.lowercased()) else {
            throw .badRequest("The parameter \(name) is neither true nor false.")
        }
        return value
    }
}

/// Nil when a percent sign is not followed by two hexadecimal digits or the result is not UTF-8.
func percentDecoded(_ text: Substring, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%") {
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

/// Percent-encodes everything but the characters a URL may always carry.
func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            result.unicodeScalars.append(UnicodeScalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return result
}
