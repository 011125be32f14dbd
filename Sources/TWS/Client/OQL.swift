import JSON

/// A filter and an order in the scheduler's query language, built so that no value can change the query's meaning.
///
/// How a quote inside a text is escaped is undocumented, so a text with a quote, a backslash or a control character is
/// refused; field names are literals of this program.
package struct OQL: Sendable, Hashable {
    package let text: String

    package init(_ condition: OQLCondition? = nil, orderBy: [OQLField] = []) throws(TWSError) {
        var text = try condition?.text() ?? ""
        if !orderBy.isEmpty {
            if !text.isEmpty { text += " " }
            text += "ORDER BY " + orderBy.map { "\($0.name) ASC" }.joined(separator: ", ")
        }
        self.text = text
    }
}

extension OQL {
    /// Whether a text can stand in a query.
    static func accepts(_ text: String) -> Bool {
        text.utf8.count <= 1024
            && !text.unicodeScalars.contains { $0 == "'" || $0 == "\\" || $0.value < 0x20 || $0.value == 0x7F }
    }
}

/// A field of a plan object as the query language names it, which is not always its name in JSON.
package struct OQLField: Sendable, Hashable {
    package let name: String

    private init(literal name: StaticString) {
        self.name = "\(name)"
    }

    package static let id = Self(literal: "id")
    package static let name = Self(literal: "name")
    package static let folder = Self(literal: "folder")
    package static let workstation = Self(literal: "workstation")
    package static let priority = Self(literal: "priority")
    package static let jobStreamID = Self(literal: "jobStreamId")
    package static let jobStreamName = Self(literal: "jobStreamName")
    package static let jobStatus = Self(literal: "jobruns.commonStatus")
    package static let jobStarted = Self(literal: "jobruns.timeInfo.actualStartTime")
    package static let jobEnded = Self(literal: "jobruns.timeInfo.actualEndTime")
    package static let streamStatus = Self(literal: "commonStatus")
    package static let scheduled = Self(literal: "schedTime")
    package static let activeStates = Self(literal: "activeStates")
}

/// One value of a condition.
package enum OQLValue: Sendable, Hashable {
    case integer(Int)
    case text(String)
    case boolean(Bool)
    /// Milliseconds since 1970.
    case instant(Int64)
    case null

    fileprivate func text() throws(TWSError) -> String {
        switch self {
        case .integer(let value): "\(value)"
        case .text(let value): try quoted(value)
        case .boolean(let value): "\(value)"
        case .instant(let milliseconds): "'\(OQLValue.instantText(milliseconds))'"
        case .null: "null"
        }
    }

    /// The documented form always has milliseconds.
    private static func instantText(_ milliseconds: Int64) -> String {
        let text = RFC3339.string(epochMilliseconds: milliseconds)
        return text.utf8.count == 20 ? "\(text.dropLast()).000Z" : text
    }
}

/// What rows of a query must fulfil; its values are quoted when it is written.
package indirect enum OQLCondition: Sendable, Hashable {
    package enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
    }

    case compare(OQLField, Comparison, OQLValue)
    case isOneOf(OQLField, [OQLValue])
    case isNoneOf(OQLField, [OQLValue])
    /// `@` stands for any run of characters, `?` for one.
    case like(OQLField, String)
    case notLike(OQLField, String)
    case all([OQLCondition])
    case any([OQLCondition])

    /// Precedence of AND and OR is not documented: everything is bracketed.
    fileprivate func text() throws(TWSError) -> String {
        switch self {
        case .compare(let field, let comparison, let value):
            return "\(field.name) \(comparison.rawValue) \(try value.text())"
        case .isOneOf(let field, let values): return "\(field.name) IN \(try Self.list(values))"
        case .isNoneOf(let field, let values): return "\(field.name) NOT IN \(try Self.list(values))"
        case .like(let field, let pattern): return "\(field.name) LIKE \(try quoted(pattern))"
        case .notLike(let field, let pattern): return "\(field.name) NOT LIKE \(try quoted(pattern))"
        case .all(let conditions): return try Self.joined(conditions, by: " AND ")
        case .any(let conditions): return try Self.joined(conditions, by: " OR ")
        }
    }

    private static func list(_ values: [OQLValue]) throws(TWSError) -> String {
        guard !values.isEmpty else {
            throw TWSError(code: .invalidRequest, message: "a list in a query must not be empty")
        }
        var texts: [String] = []
        for value in values { texts.append(try value.text()) }
        return "[\(texts.joined(separator: ","))]"
    }

    private static func joined(_ conditions: [OQLCondition], by keyword: String) throws(TWSError) -> String {
        guard !conditions.isEmpty else {
            throw TWSError(code: .invalidRequest, message: "a combination in a query must not be empty")
        }
        var texts: [String] = []
        for condition in conditions { texts.append("(\(try condition.text()))") }
        return texts.joined(separator: keyword)
    }
}

private func quoted(_ text: String) throws(TWSError) -> String {
    guard OQL.accepts(text) else {
        throw TWSError(
            code: .invalidRequest,
            message:
                "a text in a query must not contain a quote, a backslash or a control character, nor exceed 1024 bytes"
        )
    }
    return "'\(text)'"
}
