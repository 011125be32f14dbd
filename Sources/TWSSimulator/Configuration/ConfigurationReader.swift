import JSON

/// Reads the fields of a JSON object strictly: a wrong type and an unknown name are errors that name their place.
struct ConfigurationReader {
    private let fields: [JSONValue.Field]
    private let path: String
    private var seen: Set<String> = []

    init(_ value: JSONValue, at path: String) throws(ConfigurationError) {
        guard let fields = value.fields else {
            throw ConfigurationError(path: path, value: value, expected: "an object is expected")
        }
        self.fields = fields
        self.path = path
    }

    func place(_ name: String) -> String { self.path.isEmpty ? name : "\(self.path).\(name)" }

    mutating func value(_ name: String) -> JSONValue? {
        self.seen.insert(name)
        guard let value = self.fields.first(where: { $0.name == name })?.value, !value.isNull else { return nil }
        return value
    }

    mutating func string(_ name: String) throws(ConfigurationError) -> String? {
        guard let value = self.value(name) else { return nil }
        guard let string = value.string else { throw self.problem(name, "a text is expected") }
        return string
    }

    mutating func int(_ name: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = self.value(name) else { return nil }
        guard let int = value.int, range.contains(int) else {
            throw self.problem(name, "an integer from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        return int
    }

    /// An integer of 64 bits without sign; one beyond JSON's 63 is written as text.
    mutating func unsigned(_ name: String) throws(ConfigurationError) -> UInt64? {
        guard let value = self.value(name) else { return nil }
        guard let unsigned = value.int.flatMap({ UInt64(exactly: $0) }) ?? value.string.flatMap({ UInt64($0) }) else {
            throw self.problem(name, "an integer from 0 to \(UInt64.max), above \(Int64.max) as text, is expected")
        }
        return unsigned
    }

    mutating func double(_ name: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
        guard let value = self.value(name) else { return nil }
        guard let double = value.double, range.contains(double) else {
            throw self.problem(name, "a number from \(range.lowerBound) to \(range.upperBound) is expected")
        }
        return double
    }

    mutating func bool(_ name: String) throws(ConfigurationError) -> Bool? {
        guard let value = self.value(name) else { return nil }
        guard let bool = value.bool else { throw self.problem(name, "true or false is expected") }
        return bool
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String
    ) throws(ConfigurationError) -> Choice? {
        guard let text = try self.string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw self.problem(name, "one of \(known) is expected")
        }
        return choice
    }

    mutating func array(_ name: String) throws(ConfigurationError) -> [JSONValue]? {
        guard let value = self.value(name) else { return nil }
        guard let array = value.array else { throw self.problem(name, "an array is expected") }
        return array
    }

    /// Refuses what no call has asked for.
    func finish() throws(ConfigurationError) {
        for field in self.fields where !self.seen.contains(field.name) {
            throw self.problem(field.name, "no field of this name exists")
        }
    }

    func problem(_ name: String, _ expected: String) -> ConfigurationError {
        let value = self.fields.first { $0.name == name }?.value
        return ConfigurationError(path: self.place(name), value: value, expected: expected)
    }
}

/// A configuration, fault rule or admin request that does not make sense.
package struct ConfigurationError: Error, CustomStringConvertible {
    /// Where it is, such as `faults[2].match.probability`.
    package let path: String
    /// What was given, as JSON and shortened; nil when nothing was.
    package let value: String?
    package let expected: String

    init(path: String, value: JSONValue? = nil, expected: String) {
        self.path = path
        self.value = value.map { value in
            let text = String(decoding: value.bytes, as: UTF8.self)
            return text.count > 60 ? text.prefix(60) + "…" : text
        }
        self.expected = expected
    }

    /// What was given and what is expected, without the place.
    package var problem: String { self.value.map { "\($0) was given; \(self.expected)" } ?? self.expected }

    package var description: String { self.path.isEmpty ? self.problem : "\(self.path): \(self.problem)" }
}
