/// One row of a result: values under the names of their columns.
package struct SQLRow: Sendable, Hashable {
    /// The names of the result's columns, shared by its rows.
    package let columns: [String]
    package let values: [SQLValue]

    /// Pairs `columns` with `values`; what one has more than the other is left out.
    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of the first column of that name, decoded.
    ///
    /// Throws `.decoding` naming the column, what was expected and what is there. An optional type accepts NULL.
    package func decode<Value: SQLConvertible>(
        _ column: String,
        as type: Value.Type = Value.self
    ) throws(DatabaseError) -> Value {
        let stored = try self.value(of: column)
        guard let value = Value(sqlValue: stored) else {
            throw DatabaseError(
                .decoding,
                "the column \"\(column)\" holds \(stored.kind), which cannot be read as \(type)"
            )
        }
        return value
    }

    private func value(of column: String) throws(DatabaseError) -> SQLValue {
        guard let index = self.columns.firstIndex(of: column), index < self.values.count else {
            throw DatabaseError(
                .decoding,
                "the row has no column \"\(column)\", only \(self.columns.joined(separator: ", "))"
            )
        }
        return self.values[index]
    }
}
