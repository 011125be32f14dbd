import Collections

/// Which jobs the latest versions of a plan have changed, so that what was made from one version can be brought up to a
/// later one without looking at all jobs.
///
/// Bounded: who comes with an older version starts anew.
package struct PlanHistory: Sendable {
    /// A job that was added, changed or removed, and what it was before.
    package struct Change: Sendable {
        package let id: String
        package let previous: PlanJob?
    }

    private struct Entry: Sendable {
        let version: UInt64
        let changes: [Change]
    }

    private static let maximumEntries = 64
    private static let maximumChanges = 8192

    private var entries: Deque<Entry> = []
    private var count = 0
    /// The oldest version that can still be brought up to date.
    private var oldest: UInt64 = 0

    /// What has changed since `version`, a job as often as it has; nil when that is not known.
    package func changes(since version: UInt64) -> [Change]? {
        guard version >= self.oldest else { return nil }
        var changes: [Change] = []
        for entry in self.entries.reversed() {
            guard entry.version > version else { break }
            changes += entry.changes
        }
        return changes
    }

    /// `version` differs from the one before in these jobs and, perhaps, in what is no job.
    mutating func append(_ changes: [Change], version: UInt64) {
        guard !changes.isEmpty else { return }
        self.entries.append(Entry(version: version, changes: changes))
        self.count += changes.count
        while self.entries.count > Self.maximumEntries || self.count > Self.maximumChanges,
            let dropped = self.entries.popFirst()
        {
            self.count -= dropped.changes.count
            self.oldest = dropped.version
        }
    }

    /// With `version` everything is another.
    mutating func restart(at version: UInt64) {
        self = Self()
        self.oldest = version
    }
}
