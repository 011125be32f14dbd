/// One SQL statement with the values bound to it.
///
/// Written as a literal: `"SELECT id FROM account WHERE name = \(name)"`. An interpolated value never becomes part of
/// the text but is bound, so that no input can change what the statement does; a `String` cannot become a statement at
/// all. Statements can be interpolated into each other and joined, which is how filters are put together.
package struct SQLStatement: Sendable, Hashable {
    /// The literal pieces around the bound values: always one more than there are `bindings`.
    private var fragments: [String]

    /// The values in the order of their places in the text.
    package private(set) var bindings: [SQLValue]

    /// The text in which `engine`'s placeholders stand for the bound values.
    package func text(for engine: DatabaseEngine) -> String {
        guard self.fragments.count > 1 else { return self.fragments[0] }
        var text = self.fragments[0]
        for (index, fragment) in self.fragments.enumerated().dropFirst() {
            text += engine.placeholder(index)
            text += fragment
        }
        return text
    }

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.append(right)
        return sum
    }

    package static func += (left: inout Self, right: Self) {
        left.append(right)
    }

    private mutating func append(literal: String) {
        self.fragments[self.fragments.count - 1] += literal
    }

    private mutating func append(_ value: SQLValue) {
        self.bindings.append(value)
        self.fragments.append("")
    }

    private mutating func append(_ other: Self) {
        self.append(literal: other.fragments[0])
        self.fragments.append(contentsOf: other.fragments.dropFirst())
        self.bindings.append(contentsOf: other.bindings)
    }
}

extension SQLStatement: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) {
        self.fragments = [text]
        self.bindings = []
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.statement
    }

    /// Collects the pieces of an interpolated literal: its text as text, its values as bindings.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var statement: SQLStatement = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            self.statement.fragments.reserveCapacity(interpolationCount + 1)
            self.statement.bindings.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            self.statement.append(literal: literal)
        }

        package mutating func appendInterpolation(_ value: some SQLConvertible) {
            self.statement.append(value.sqlValue)
        }

        /// Nil is bound as NULL.
        package mutating func appendInterpolation(_ value: (some SQLConvertible)?) {
            self.statement.append(value.sqlValue)
        }

        package mutating func appendInterpolation(_ value: SQLValue) {
            self.statement.append(value)
        }

        /// Inserts another statement with its bindings at this place.
        package mutating func appendInterpolation(_ statement: SQLStatement) {
            self.statement.append(statement)
        }

        /// Binds each value, separated by commas: `"id IN (\(list: ids))"`.
        ///
        /// No values give `NULL`, which equals nothing, so that an empty list matches no row (nor does its negation).
        package mutating func appendInterpolation(list values: [some SQLConvertible]) {
            guard !values.isEmpty else { return self.statement.append(literal: "NULL") }
            for (index, value) in values.enumerated() {
                if index > 0 { self.statement.append(literal: ", ") }
                self.statement.append(value.sqlValue)
            }
        }
    }
}

extension Sequence<SQLStatement> {
    /// One statement of all of them with `separator` in between, for example conditions with `" AND "`.
    package func joined(separator: SQLStatement) -> SQLStatement {
        var joined: SQLStatement = ""
        for (index, statement) in self.enumerated() {
            if index > 0 { joined += separator }
            joined += statement
        }
        return joined
    }
}
