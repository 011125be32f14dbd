/// A parsed OQL text: a condition rows have to fulfil and an order for those that do.
struct OQLQuery<Row>: Sendable {
    /// A condition on a row.
    indirect enum Condition: Sendable {
        case all([Condition])
        case any([Condition])
        case not(Condition)
        case holds(OQLField<Row>, Test)
    }

    /// What is asked of one value.
    enum Test: Sendable {
        case equals(OQLValue)
        case isOneOf(Set<OQLValue>)
        case isLike(WildcardPattern)
        case less(OQLValue)
        case lessOrEqual(OQLValue)
        case greater(OQLValue)
        case greaterOrEqual(OQLValue)
    }

    /// One key of the order.
    struct SortKey: Sendable {
        let field: OQLField<Row>
        let ascending: Bool
    }

    var condition: Condition?
    var order: [SortKey] = []

    func accepts(_ row: Row) -> Bool {
        self.condition.map { Self.holds($0, for: row) } ?? true
    }

    /// Puts rows into the order asked for; rows that are equal in it keep theirs.
    func sorted(_ rows: [Row]) -> [Row] {
        guard !self.order.isEmpty else { return rows }
        let columns = self.order.map { key in
            (values: rows.map { Self.sortValue(key.field.content($0)) }, ascending: key.ascending)
        }
        if let column = columns.first, columns.count == 1, let order = Self.order(ofIDs: column) {
            return order.map { rows[$0] }
        }
        return rows.indices.sorted { left, right in
            for column in columns where column.values[left] != column.values[right] {
                return Self.precedes(column.values[left], column.values[right]) == column.ascending
            }
            return left < right
        }.map { rows[$0] }
    }

    /// The order of a column of nothing but ids.
    ///
    /// Clients page through whole plans in this order, and every page sorts all rows: comparing values of any kind would
    /// take most of the time of a page.
    private static func order(ofIDs column: (values: [OQLValue], ascending: Bool)) -> [Int]? {
        var ids: [(id: EntityID, row: Int)] = []
        ids.reserveCapacity(column.values.count)
        for (row, value) in column.values.enumerated() {
            guard case .id(let id) = value else { return nil }
            ids.append((id, row))
        }
        if column.ascending {
            ids.sort { ($0.id, $0.row) < ($1.id, $1.row) }
        } else {
            ids.sort { $0.id == $1.id ? $0.row < $1.row : $1.id < $0.id }
        }
        return ids.map(\.row)
    }

    private static func holds(_ condition: Condition, for row: Row) -> Bool {
        switch condition {
        case .all(let parts): return parts.allSatisfy { self.holds($0, for: row) }
        case .any(let parts): return parts.contains { self.holds($0, for: row) }
        case .not(let part): return !self.holds(part, for: row)
        case .holds(let field, let test):
            switch field.content(row) {
            case .none: return self.passes(.null, test)
            case .one(let value): return self.passes(value, test)
            case .many(let values): return values.contains { self.passes($0, test) }
            }
        }
    }

    private static func passes(_ value: OQLValue, _ test: Test) -> Bool {
        switch test {
        case .equals(let other): return value == other
        case .isOneOf(let others): return others.contains(value)
        case .isLike(let pattern): return self.text(of: value).map(pattern.matches) ?? false
        case .less(let other): return value != .null && self.precedes(value, other)
        case .lessOrEqual(let other): return value != .null && (value == other || self.precedes(value, other))
        case .greater(let other): return value != .null && self.precedes(other, value)
        case .greaterOrEqual(let other): return value != .null && (value == other || self.precedes(other, value))
        }
    }

    private static func text(of value: OQLValue) -> String? {
        switch value {
        case .null: nil
        case .text(let text): text
        case .number(let number): String(number)
        case .bool(let bool): String(bool)
        case .id(let id): id.description
        }
    }

    private static func sortValue(_ content: OQLContent) -> OQLValue {
        switch content {
        case .none: .null
        case .one(let value): value
        case .many(let values): values.first ?? .null
        }
    }

    /// Null before everything; values of different types are not ordered.
    private static func precedes(_ left: OQLValue, _ right: OQLValue) -> Bool {
        switch (left, right) {
        case (.null, .null): false
        case (.null, _): true
        case (.number(let left), .number(let right)): left < right
        case (.text(let left), .text(let right)): left < right
        case (.bool(let left), .bool(let right)): !left && right
        case (.id(let left), .id(let right)): left < right
        case (.id(let left), .text(let right)): left.description < right
        case (.text(let left), .id(let right)): left < right.description
        default: false
        }
    }
}
