import Database

/// The prepared statements of one connection, the least recently used of which gives way to a new one.
struct SQLiteStatementCache {
    private struct Entry {
        let statement: SQLitePreparedStatement
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0

    /// A capacity of 0 prepares every time.
    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { self.entries.count }

    /// The statement for `text`, which must be one, from the cache or prepared now.
    mutating func statement(
        for text: String,
        on handle: SQLiteHandle
    ) throws(DatabaseError) -> SQLitePreparedStatement {
        self.uses += 1
        if let cached = self.entries[text]?.statement {
            self.entries[text]?.lastUse = self.uses
            return cached
        }
        let statement = try SQLitePreparedStatement.prepare(text, on: handle)
        guard self.capacity > 0 else { return statement }
        if self.entries.count >= self.capacity { self.removeLeastRecentlyUsed() }
        self.entries[text] = Entry(statement: statement, lastUse: self.uses)
        return statement
    }

    mutating func removeAll() {
        self.entries = [:]
    }

    private mutating func removeLeastRecentlyUsed() {
        guard let oldest = self.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        self.entries[oldest.key] = nil
    }
}
