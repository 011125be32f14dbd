/// A dictionary of bounded size that forgets what was not used for long.
///
/// Two halves: new and used entries are in the young one; when it is full it becomes the old one and the old one is
/// dropped. An entry therefore survives at least half the capacity of other entries, at constant cost.
struct RecentEntries<Key: Hashable, Value> {
    private let halfCapacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) {
        self.halfCapacity = max(1, capacity / 2)
    }

    var count: Int { self.young.count + self.old.count }

    mutating func value(forKey key: Key) -> Value? {
        if let value = self.young[key] { return value }
        guard let value = self.old.removeValue(forKey: key) else { return nil }
        self.insert(value, forKey: key)
        return value
    }

    mutating func insert(_ value: Value, forKey key: Key) {
        self.old.removeValue(forKey: key)
        if self.young.count >= self.halfCapacity, self.young[key] == nil {
            self.old = self.young
            self.young = [:]
        }
        self.young[key] = value
    }

    mutating func removeValue(forKey key: Key) {
        self.young.removeValue(forKey: key)
        self.old.removeValue(forKey: key)
    }
}
