import TWS

/// The jobs that match a filter, in order, as of one version of each plan.
///
/// What has changed since is taken out and put in again at its new place, which for a few hundred changes among a hundred
/// thousand jobs costs a pass over the rows instead of looking at every job and sorting them all.
struct OrderedJobs: Sendable {
    /// One engine's plan and time.
    struct Part: Sendable {
        let engine: String
        let snapshot: PlanSnapshot
        /// In milliseconds since 1970.
        let now: Int64
    }

    private struct Source: Sendable, Hashable {
        let engine: String
        let epoch: String
    }

    let rows: [JobRow]
    private let sources: [Source]
    private let versions: [UInt64]

    /// Looks at every job that may match, and sorts those that do.
    init(_ parts: [Part], _ filter: JobFilter, _ order: JobOrder) {
        self.init(parts, rows: order.sorted(parts.flatMap { Self.matching($0, filter) }))
    }

    private init(_ parts: [Part], rows: [JobRow]) {
        self.rows = rows
        self.sources = Self.sources(parts)
        self.versions = parts.map(\.snapshot.version)
    }

    private static func sources(_ parts: [Part]) -> [Source] {
        parts.map { Source(engine: $0.engine, epoch: $0.snapshot.epoch) }
    }

    /// Whether these are the same plans in the same versions.
    func isCurrent(for parts: [Part]) -> Bool {
        self.versions == parts.map(\.snapshot.version) && self.sources == Self.sources(parts)
    }

    /// The same question answered for later versions; nil when nobody knows any more what has changed.
    ///
    /// Only for questions that do not depend on time.
    func updated(to parts: [Part], _ filter: JobFilter, _ order: JobOrder) -> Self? {
        guard self.sources == Self.sources(parts) else { return nil }
        var outdated: Set<ObjectIdentifier> = []
        var fresh: [JobRow] = []
        for (part, version) in zip(parts, self.versions) {
            // An older version than ours: somebody has been slow.
            guard version <= part.snapshot.version, let changes = part.snapshot.history.changes(since: version) else {
                return nil
            }
            var seen: Set<String> = []
            for change in changes {
                if let previous = change.previous { outdated.insert(ObjectIdentifier(previous)) }
                guard seen.insert(change.id).inserted, let job = part.snapshot.jobs[change.id] else { continue }
                // What becomes late by time alone is reported as changed without being another.
                outdated.insert(ObjectIdentifier(job))
                guard filter.matches(job, now: part.now) else { continue }
                fresh.append(JobRow(job: job, engine: part.engine, now: part.now))
            }
        }
        let kept = outdated.isEmpty ? self.rows : self.rows.filter { !outdated.contains(ObjectIdentifier($0.job)) }
        return Self(parts, rows: kept.merging(order.sorted(fresh), in: order))
    }

    private static func matching(_ part: Part, _ filter: JobFilter) -> [JobRow] {
        let jobs = part.snapshot.jobs
        let candidates: [PlanJob]
        if filter.isLate == true {
            candidates = Array(jobs.timed.values)
        } else if filter.isCritical == true {
            candidates = Array(jobs.critical.values)
        } else if filter.statuses.isEmpty {
            candidates = jobs.all
        } else {
            candidates = filter.statuses.flatMap { jobs.withStatus($0) }
        }
        return candidates.lazy.filter { filter.matches($0, now: part.now) }
            .map { JobRow(job: $0, engine: part.engine, now: part.now) }
    }
}

extension [JobRow] {
    /// Index of the first row behind `place` in `order`, by which the rows are sorted.
    func firstIndex(after place: PageRequest.Place, in order: JobOrder) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if order.precedes(place, order.place(of: self[middle])) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// These rows and a few others, both in `order`.
    fileprivate func merging(_ others: [JobRow], in order: JobOrder) -> [JobRow] {
        guard !others.isEmpty else { return self }
        var merged: [JobRow] = []
        merged.reserveCapacity(self.count + others.count)
        var copied = 0
        for row in others {
            let index = self.firstIndex(after: order.place(of: row), in: order)
            merged += self[copied..<index]
            merged.append(row)
            copied = index
        }
        merged += self[copied...]
        return merged
    }
}
