/// Reads OQL against the fields of one kind of row; AND binds tighter than OR.
struct OQLParser<Row> {
    private let fields: OQLFieldTable<Row>
    private let tokens: [OQLToken]
    private var position = 0
    private var depth = 0

    /// Parentheses deeper than this are refused: the parser recurses, and the text comes from outside.
    private static var maximumDepth: Int { 64 }

    private init(tokens: [OQLToken], fields: OQLFieldTable<Row>) {
        self.tokens = tokens
        self.fields = fields
    }

    static func parse(_ text: String, fields: OQLFieldTable<Row>) throws(QueryError) -> OQLQuery<Row> {
        var parser = OQLParser(tokens: try OQLLexer.tokens(of: text), fields: fields)
        var query = OQLQuery<Row>()
        if parser.position < parser.tokens.count, !parser.isAtOrder { query.condition = try parser.disjunction() }
        if parser.position < parser.tokens.count { query.order = try parser.order() }
        guard parser.position == parser.tokens.count else { throw .syntax("unexpected text behind the expression") }
        return query
    }

    private var current: OQLToken? {
        self.position < self.tokens.count ? self.tokens[self.position] : nil
    }

    private func isKeyword(_ keyword: String, ahead: Int = 0) -> Bool {
        guard self.position + ahead < self.tokens.count, case .word(let word) = self.tokens[self.position + ahead]
        else {
            return false
        }
        return word.uppercased() == keyword
    }

    private mutating func take(_ keyword: String) -> Bool {
        guard self.isKeyword(keyword) else { return false }
        self.position += 1
        return true
    }

    private mutating func take(symbol: String) -> Bool {
        guard self.current == .symbol(symbol) else { return false }
        self.position += 1
        return true
    }

    private var isAtOrder: Bool { self.isKeyword("ORDER") && self.isKeyword("BY", ahead: 1) }

    private mutating func disjunction() throws(QueryError) -> OQLQuery<Row>.Condition {
        var parts = [try self.conjunction()]
        while self.take("OR") { parts.append(try self.conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction() throws(QueryError) -> OQLQuery<Row>.Condition {
        var parts = [try self.term()]
        while self.take("AND") { parts.append(try self.term()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func term() throws(QueryError) -> OQLQuery<Row>.Condition {
        if self.take(symbol: "(") {
            self.depth += 1
            guard self.depth <= Self.maximumDepth else { throw .syntax("the parentheses are nested too deeply") }
            let inner = try self.disjunction()
            guard self.take(symbol: ")") else { throw .syntax("')' expected") }
            self.depth -= 1
            return inner
        }
        let field = try self.field(inOrder: false)
        return try self.test(of: field)
    }

    private mutating func field(inOrder: Bool) throws(QueryError) -> OQLField<Row> {
        guard case .word(let name) = self.current else { throw .syntax("a field was expected") }
        guard let field = self.fields[name], inOrder || !field.orderOnly else {
            throw .syntax("the field \(name) is not known here")
        }
        self.position += 1
        return field
    }

    private mutating func test(of field: OQLField<Row>) throws(QueryError) -> OQLQuery<Row>.Condition {
        if self.take("NOT") {
            if self.take("IN") { return .not(.holds(field, try self.membership(field))) }
            if self.take("LIKE") { return .not(.holds(field, try self.likeness(field))) }
            throw .syntax("IN or LIKE expected behind NOT")
        }
        if self.take("IN") { return .holds(field, try self.membership(field)) }
        if self.take("LIKE") { return .holds(field, try self.likeness(field)) }
        guard case .symbol(let sign) = self.current else { throw .syntax("an operator was expected") }
        self.position += 1
        let value = try field.literal(try self.value())
        if sign == "=" { return .holds(field, .equals(value)) }
        if sign == "!=" { return .not(.holds(field, .equals(value))) }
        guard !field.equalityOnly else { throw .syntax("the field accepts only = and !=") }
        switch sign {
        case "<": return .holds(field, .less(value))
        case "<=": return .holds(field, .lessOrEqual(value))
        case ">": return .holds(field, .greater(value))
        case ">=": return .holds(field, .greaterOrEqual(value))
        default: throw .syntax("an operator was expected instead of \(sign)")
        }
    }

    private mutating func membership(_ field: OQLField<Row>) throws(QueryError) -> OQLQuery<Row>.Test {
        guard !field.equalityOnly else { throw .syntax("the field accepts only = and !=") }
        guard self.take(symbol: "[") else { throw .syntax("'[' expected behind IN") }
        var values: Set = [try field.literal(try self.value())]
        while self.take(symbol: ",") { values.insert(try field.literal(try self.value())) }
        guard self.take(symbol: "]") else { throw .syntax("']' expected") }
        return .isOneOf(values)
    }

    private mutating func likeness(_ field: OQLField<Row>) throws(QueryError) -> OQLQuery<Row>.Test {
        guard !field.equalityOnly else { throw .syntax("the field accepts only = and !=") }
        guard case .text(let pattern) = self.current else { throw .syntax("a quoted text was expected behind LIKE") }
        self.position += 1
        return .isLike(WildcardPattern(pattern))
    }

    private mutating func value() throws(QueryError) -> OQLValue {
        defer { self.position += 1 }
        switch self.current {
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .word:
            if self.isKeyword("TRUE") { return .bool(true) }
            if self.isKeyword("FALSE") { return .bool(false) }
            if self.isKeyword("NULL") { return .null }
            throw .syntax("a value was expected; texts are quoted")
        case .symbol, nil: throw .syntax("a value was expected")
        }
    }

    private mutating func order() throws(QueryError) -> [OQLQuery<Row>.SortKey] {
        guard self.take("ORDER"), self.take("BY") else { throw .syntax("AND, OR or ORDER BY expected") }
        var keys: [OQLQuery<Row>.SortKey] = []
        repeat {
            let field = try self.field(inOrder: true)
            guard !field.isArray else { throw .syntax("rows cannot be ordered by a field of an array") }
            var ascending = true
            if self.take("DESC") { ascending = false } else { _ = self.take("ASC") }
            keys.append(OQLQuery.SortKey(field: field, ascending: ascending))
        } while self.take(symbol: ",")
        return keys
    }
}

/// The fields of one kind of row by name.
struct OQLFieldTable<Row>: Sendable {
    private let fields: [String: OQLField<Row>]
    private let ignoresCase: Bool

    init(_ fields: [String: OQLField<Row>], ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        self.fields =
            ignoresCase
            ? Dictionary(fields.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
            : fields
    }

    subscript(name: String) -> OQLField<Row>? {
        self.fields[self.ignoresCase ? name.lowercased() : name]
    }
}
