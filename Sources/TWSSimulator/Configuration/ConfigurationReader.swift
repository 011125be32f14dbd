import JSON

/// Reads the fields of a JSON object strictly: a wrong type and an unknown name are errors that name their place.
struct ConfigurationReader {
    private let fields: [JSONValue.Field]
    private let path: String
    private var seen: Set<String> = []

    init(_ value: JSONValue, at path: String) throws(ConfigurationError) {
        guard let fields = value.fields else { throw ConfigurationError(path: path, expected: "an object is expected") }
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
            throw self.problem(field.name, "this field is not known")
        }
    }

    func problem(_ name: String, _ expected: String) -> ConfigurationError {
        ConfigurationError(path: self.place(name), expected: expected)
    }
}

/// A configuration, fault rule or admin request that does not make sense.
package struct ConfigurationError: Error, CustomStringConvertible {
    /// Where it is, such as `faults[2].match.probability`.
    package let path: String
    package let expected: String

    package var description: String { "\(self.path): \(self.expected)" }
}
