/// What a field of a row holds: nothing, one value, or the values of an array's elements.
enum OQLContent: Sendable {
    case none
    case one(OQLValue)
    case many([OQLValue])
}

/// A value of a field or of a query.
enum OQLValue: Sendable, Hashable {
    case null
    case text(String)
    case number(Int)
    case bool(Bool)
    case id(EntityID)
}

/// A field queries may name, and how to get at it.
struct OQLField<Row>: Sendable {
    /// How a field's values compare.
    enum Kind: Sendable {
        case text
        case number
        case bool
        /// A plan object's id: kept as a number, because texts for a hundred thousand jobs cost more than the query.
        case id
        /// Seconds since 1970; written in a query as quoted ISO text.
        case instant
        /// Seconds; written in a query as quoted ISO text.
        case duration
    }

    let kind: Kind
    /// The field belongs to the elements of an array: a condition holds when it holds for any of them.
    var isArray = false
    /// The product accepts only `=` and `!=` on it.
    var equalityOnly = false
    /// Accepted in ORDER BY only.
    var orderOnly = false
    let content: @Sendable (Row) -> OQLContent

    static func text(_ content: @escaping @Sendable (Row) -> String?) -> OQLField {
        OQLField(kind: .text) { content($0).map { .one(.text($0)) } ?? .none }
    }

    static func number(equalityOnly: Bool = false, _ content: @escaping @Sendable (Row) -> Int?) -> OQLField {
        OQLField(kind: .number, equalityOnly: equalityOnly) { content($0).map { .one(.number($0)) } ?? .none }
    }

    static func bool(_ content: @escaping @Sendable (Row) -> Bool) -> OQLField {
        OQLField(kind: .bool) { .one(.bool(content($0))) }
    }

    static func instant(_ content: @escaping @Sendable (Row) -> PlanInstant?) -> OQLField {
        OQLField(kind: .instant) { content($0).map { .one(.number($0.secondsSinceEpoch)) } ?? .none }
    }

    static func duration(_ content: @escaping @Sendable (Row) -> Int?) -> OQLField {
        OQLField(kind: .duration, equalityOnly: true) { content($0).map { .one(.number($0)) } ?? .none }
    }

    /// A field of the elements of an array.
    static func elements(
        _ kind: Kind,
        equalityOnly: Bool = false,
        _ content: @escaping @Sendable (Row) -> [OQLValue]
    ) -> OQLField {
        OQLField(kind: kind, isArray: true, equalityOnly: equalityOnly) { .many(content($0)) }
    }

    /// A value of the query in the form the field's own values have.
    func literal(_ value: OQLValue) throws(QueryError) -> OQLValue {
        switch (self.kind, value) {
        case (_, .null): return .null
        case (.text, .number(let number)): return .text(String(number))
        case (.text, .bool(let bool)): return .text(String(bool))
        case (.id, .text(let text)):
            // Values are case-sensitive: an id in upper case is only a text that equals none.
            guard let id = EntityID(text), id.description == text else { return value }
            return .id(id)
        case (.text, .text), (.number, .number), (.bool, .bool): return value
        case (.number, .text(let text)):
            if let number = Int(text) { return .number(number) }
        case (.bool, .text(let text)):
            if let bool = Bool(text.lowercased()) { return .bool(bool) }
        case (.instant, .text(let text)):
            if let instant = PlanInstant(text) { return .number(instant.secondsSinceEpoch) }
        case (.duration, .text(let text)):
            if let seconds = PlanDuration(text)?.seconds { return .number(seconds) }
        default: break
        }
        throw .syntax("a value does not fit the type of its field")
    }
}

/// A length of time in whole seconds.
struct PlanDuration: Hashable, Sendable {
    let seconds: Int

    init(seconds: Int) {
        self.seconds = seconds
    }

    /// Reads ISO 8601 text such as `PT1H24M30S` or `P1DT5S`; fractions of a second are dropped.
    init?(_ text: String) {
        var total = 0
        var number = ""
        var inTime = false
        var parts = 0
        guard text.first == "P" else { return nil }
        for character in text.dropFirst() {
            if character.isNumber || character == "." {
                number.append(character)
                continue
            }
            if character == "T", number.isEmpty, !inTime {
                inTime = true
                continue
            }
            guard let value = Int(number.prefix { $0 != "." }), value <= 1_000_000_000 else { return nil }
            switch (character, inTime) {
            case ("D", false): total += value * 86_400
            case ("H", true): total += value * 3600
            case ("M", true): total += value * 60
            case ("S", true): total += value
            default: return nil
            }
            number = ""
            parts += 1
        }
        guard parts > 0, number.isEmpty else { return nil }
        self.seconds = total
    }

    /// `PT1H24M30S`; days are not used, as in Java's `Duration`.
    var text: String {
        var result = "PT"
        if self.seconds >= 3600 { result += "\(self.seconds / 3600)H" }
        if self.seconds / 60 % 60 > 0 { result += "\(self.seconds / 60 % 60)M" }
        if self.seconds % 60 > 0 || self.seconds == 0 { result += "\(self.seconds % 60)S" }
        return result
    }

    /// Written as `01:24:30`.
    var clockText: String {
        "\(padded(self.seconds / 3600, to: 2)):\(padded(self.seconds / 60 % 60, to: 2)):\(padded(self.seconds % 60, to: 2))"
    }
}
