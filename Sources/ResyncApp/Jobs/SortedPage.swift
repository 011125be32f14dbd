import JSON

extension JSONWriter {
    /// Writes `items`, `nextCursor` and `total` of one page of rows ordered by their keys, then their id.
    ///
    /// For lists small enough to be sorted for each request.
    mutating func page<Row>(
        _ rows: [Row],
        _ page: PageRequest,
        descending: Bool = false,
        key: (Row) -> [SortValue],
        id: (Row) -> String,
        write: (inout JSONWriter, Row) -> Void
    ) {
        let sorted = rows.map { (row: $0, place: PageRequest.Place(keys: key($0), id: id($0))) }
            .sorted { descending ? $1.place < $0.place : $0.place < $1.place }
        let start =
            page.after.map { after in
                sorted.firstIndex { descending ? $0.place < after : after < $0.place } ?? sorted.count
            } ?? 0
        let end = min(start + page.limit, sorted.count)
        self.key("items")
        self.beginArray()
        for each in sorted[start..<end] { write(&self, each.row) }
        self.endArray()
        self.key("nextCursor")
        if end < sorted.count, end > start {
            self.value(page.cursor(after: sorted[end - 1].place))
        } else {
            self.null()
        }
        self.field("total", sorted.count)
    }
}

extension PageRequest.Place: Comparable {
    /// Ascending by the keys, then by id.
    static func < (left: Self, right: Self) -> Bool {
        for (leftKey, rightKey) in zip(left.keys, right.keys) where leftKey != rightKey { return leftKey < rightKey }
        return left.id < right.id
    }
}
