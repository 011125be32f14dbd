/// How values of one type are read, bounded and written.
struct SettingType<Value: Sendable & Equatable>: Sendable {
    /// One word for the table of the documentation.
    let name: String
    /// Completes "expected …".
    let expectation: String
    /// Nil for what is not of this type or out of bounds.
    let parse: @Sendable (RawSetting) -> Value?
    /// The value as TOML; secrets are masked.
    let render: @Sendable (Value) -> String
    /// Equal for equal values only, secrets included; never shown.
    let compare: @Sendable (Value) -> String

    init(
        name: String,
        expectation: String,
        parse: @escaping @Sendable (RawSetting) -> Value?,
        render: @escaping @Sendable (Value) -> String,
        compare: (@Sendable (Value) -> String)? = nil
    ) {
        self.name = name
        self.expectation = expectation
        self.parse = parse
        self.render = render
        self.compare = compare ?? render
    }
}

extension SettingType {
    /// The type of a key that may be unset, which an empty text says.
    var orUnset: SettingType<Value?> {
        SettingType<Value?>(
            name: self.name,
            expectation: self.expectation,
            parse: { raw in raw.text == "" ? .some(nil) : self.parse(raw).map { .some($0) } },
            render: { $0.map(self.render) ?? "\"\"" },
            compare: { $0.map(self.compare) ?? "" }
        )
    }
}

extension SettingType where Value == String {
    static let text = Self(name: "text", expectation: "a text", parse: \.text, render: tomlQuoted)

    /// A file or directory; relative ones are relative to the working directory.
    static let path = Self(
        name: "path",
        expectation: "a path",
        parse: { $0.text.flatMap { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 } },
        render: tomlQuoted
    )

    /// Refuses what `isValid` refuses.
    static func text(_ name: String, _ expectation: String, where isValid: @escaping @Sendable (String) -> Bool) -> Self
    {
        Self(
            name: name,
            expectation: expectation,
            parse: { $0.text.flatMap { isValid($0) ? $0 : nil } },
            render: tomlQuoted
        )
    }
}

extension SettingType where Value == Bool {
    static let bool = Self(
        name: "bool",
        expectation: "true or false",
        parse: {
            switch $0 {
            case .bool(let bool): bool
            case .variable("true"), .variable("1"): true
            case .variable("false"), .variable("0"): false
            default: nil
            }
        },
        render: { String($0) }
    )
}

extension SettingType where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(
            name: "integer",
            expectation: "a whole number \(bounds(range) { String($0) })",
            parse: { raw in
                let number: Int? =
                    switch raw {
                    case .integer(let number): Int(exactly: number)
                    case .variable(let text): Int(text)
                    default: nil
                    }
                return number.flatMap { range.contains($0) ? $0 : nil }
            },
            render: { String($0) }
        )
    }

    /// A size in bytes: "64KiB", or a bare number of bytes.
    static func size(_ range: ClosedRange<Int>) -> Self {
        Self(
            name: "size",
            expectation: "a size such as \"64KiB\" \(bounds(range, write: SizeFormat.write))",
            parse: { raw in
                let bytes: Int? =
                    if case .integer(let number) = raw { Int(exactly: number) } else {
                        raw.text.flatMap(SizeFormat.parse)
                    }
                return bytes.flatMap { range.contains($0) ? $0 : nil }
            },
            render: { tomlQuoted(SizeFormat.write($0)) }
        )
    }
}

extension SettingType where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        Self(
            name: "duration",
            expectation: "a duration such as \"30s\" \(bounds(range, write: DurationFormat.write))",
            parse: { $0.text.flatMap(DurationFormat.parse).flatMap { range.contains($0) ? $0 : nil } },
            render: { tomlQuoted(DurationFormat.write($0)) }
        )
    }
}

extension SettingType where Value == Double {
    /// A share written as "10%", read as 0.1.
    static func percent(_ range: ClosedRange<Int>) -> Self {
        Self(
            name: "percent",
            expectation: "a percentage such as \"\(range.upperBound / 2)%\" \(bounds(range) { "\($0)%" })",
            parse: { raw in
                guard let text = raw.text, text.hasSuffix("%"), let number = Double(text.dropLast()), number.isFinite,
                    number >= Double(range.lowerBound), number <= Double(range.upperBound)
                else { return nil }
                return number / 100
            },
            render: { share in
                let number = (share * 100_000).rounded() / 1000
                return tomlQuoted(number == number.rounded() ? "\(Int(number))%" : "\(number)%")
            }
        )
    }
}

extension SettingType where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    static func choice(_ type: Value.Type = Value.self) -> Self {
        let names = Value.allCases.map(\.rawValue)
        return Self(
            name: names.joined(separator: " \\| "),
            expectation: "one of \(names.map(tomlQuoted).joined(separator: ", "))",
            parse: { $0.text.flatMap(Value.init(rawValue:)) },
            render: { tomlQuoted($0.rawValue) }
        )
    }
}

extension SettingType where Value == EndpointURL {
    /// The password in it is masked when written.
    static func url(schemes: String...) -> Self {
        Self(
            name: "url",
            expectation: "an address beginning with \(schemes.map { "\($0):" }.joined(separator: " or "))",
            parse: { $0.text.flatMap { EndpointURL($0, schemes: schemes) } },
            render: { tomlQuoted($0.description) },
            compare: { $0.revealed }
        )
    }
}

extension SettingType where Value == Secret {
    static let secret = Self(
        name: "secret",
        expectation: "a text without control characters",
        parse: { raw in
            raw.text.flatMap { text in
                text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? Secret(text) : nil
            }
        },
        render: { $0.revealed.isEmpty ? "\"\"" : "\"***\"" },
        compare: { $0.revealed }
    )
}

extension SettingType {
    /// A TOML array; commas separate the elements in the environment, where an empty text is the empty list.
    static func list<Element>(of element: SettingType<Element>) -> Self where Value == [Element] {
        Self(
            name: "list of \(element.name)",
            expectation: "a list, each element \(element.expectation)",
            parse: { raw in
                let elements: [RawSetting]
                switch raw {
                case .list(let list): elements = list
                case .variable(let text):
                    elements = text.split(separator: ",").map { .variable(String($0.trimmingPrefix { $0 == " " })) }
                default: return nil
                }
                let values = elements.compactMap(element.parse)
                return values.count == elements.count ? values : nil
            },
            render: { "[\($0.map(element.render).joined(separator: ", "))]" },
            compare: { "[\($0.map(element.compare).joined(separator: ", "))]" }
        )
    }
}

private func bounds<Bound>(_ range: ClosedRange<Bound>, write: (Bound) -> String) -> String {
    "from \(write(range.lowerBound)) to \(write(range.upperBound))"
}
