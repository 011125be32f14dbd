/// Jobs that somebody has acted upon: each is read until it looks different or its time is over.
struct FollowedJobs: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Entry: Sendable {
        let until: Instant
        let baseline: PlanJob?
        var nextRead: Instant
    }

    /// Further ones are seen by polls and sweeps only.
    private static let maximum = 1000

    private let duration: Duration
    private let interval: Duration
    private var entries: [String: Entry] = [:]

    init(for duration: Duration, every interval: Duration) {
        self.duration = duration
        self.interval = interval
    }

    mutating func follow(_ id: String, baseline: PlanJob?, now: Instant) {
        guard self.entries.count < Self.maximum || self.entries[id] != nil else { return }
        self.entries[id] = Entry(until: now.advanced(by: self.duration), baseline: baseline, nextRead: now)
    }

    /// Those to be read now, some of them when there are many.
    func due(now: Instant, limit: Int) -> [String] {
        Array(self.entries.filter { $0.value.nextRead <= now }.keys.sorted().prefix(limit))
    }

    var nextRead: Instant? { self.entries.values.map(\.nextRead).min() }

    /// A job has been read, or was not found (nil).
    mutating func seen(_ id: String, _ job: PlanJob?, now: Instant) {
        guard var entry = self.entries[id] else { return }
        let hasChanged =
            switch (entry.baseline, job) {
            case (let old?, let new?): !old.isSame(as: new)
            case (nil, nil): false
            default: true
            }
        if hasChanged || now >= entry.until {
            self.entries[id] = nil
        } else {
            entry.nextRead = now.advanced(by: self.interval)
            self.entries[id] = entry
        }
    }

    mutating func forgetAll() {
        self.entries = [:]
    }
}
