/// Decides what a plan mirror reads next and what the answers mean.
///
/// One step at a time: ``next(now:engineNow:)`` names it, and exactly one of the methods that take its result follows.
/// Between two changes of the plan's content nothing is decided by time alone except lateness.
struct MirrorStateMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What to read, or how long to wait.
    enum Step: Sendable, Hashable {
        /// Jobs that run or are ready, and those that started or ended since an instant of the engine's time.
        case delta(since: Int64)
        case jobs(ids: [String])
        case status(String)
        case counts
        /// The next page of the whole plan; the first one begins anew.
        case sweepPage(isFirst: Bool)
        case streams(ids: [String])
        case allStreams
        case workstations
        case wait(until: Instant)
    }

    /// Why everything is read anew instead of compared.
    private enum Phase: Sendable, Hashable {
        /// The first time.
        case loading
        case steady
        /// The scheduler builds a new plan; it is read when two counts in a row agree.
        case rebuilding(lastTotal: Int?, since: Instant)
        /// The new plan is being read.
        case reloading
    }

    private struct Sweep: Sendable {
        let startedAt: Instant
        var pages = 0
        var seen: Set<String> = []
        /// Rows that are not known: added at the end, unless there are so many that the plan is another one.
        var unknown: [PlanJob] = []
        /// While loading and reloading: everything.
        var collected: [PlanJob] = []
    }

    private struct Followed: Sendable {
        let until: Instant
        let baseline: PlanJob?
        var nextRead: Instant
    }

    /// More ids than this in one query make its URL too long.
    static let idsPerRead = 50

    let settings: MirrorSettings
    private(set) var content = PlanContent()
    private var phase = Phase.loading
    private var queue: [Step] = []
    private var sweep: Sweep?
    private var followed: [String: Followed] = [:]
    private var touchedStreams: Set<String> = []
    private var watermark: Int64?
    private var deltaStartedAt: Int64 = 0
    private var pollDue: Instant
    private var sweepDue: Instant
    private var sweepAllowed: Instant
    private var workstationsDue: Instant
    private var streamsDue = true
    private var retryAt: Instant?
    private var failures = 0
    private var mismatches = 0
    /// Not found by their id: gone, unless the counts say that a new plan is being built.
    private var missing: Set<String> = []
    /// Why the content is not confirmed any more.
    private(set) var reason: String? = "the plan is being read for the first time"
    /// Grows with each poll that was completed: the content was confirmed then.
    private(set) var confirmations: UInt64 = 0

    init(settings: MirrorSettings, now: Instant) {
        self.settings = settings
        self.pollDue = now
        self.sweepDue = now
        self.sweepAllowed = now
        self.workstationsDue = now
    }

    // MARK: What to do

    mutating func next(now: Instant, engineNow: Int64) -> Step {
        if let retryAt = self.retryAt {
            guard now >= retryAt else { return .wait(until: retryAt) }
            self.retryAt = nil
        }
        if let step = self.queue.first { return step }
        switch self.phase {
        case .loading, .reloading: return .sweepPage(isFirst: self.sweep == nil)
        case .rebuilding:
            guard now >= self.pollDue else { return .wait(until: self.pollDue) }
            return .counts
        case .steady: return self.nextSteady(now: now, engineNow: engineNow)
        }
    }

    private mutating func nextSteady(now: Instant, engineNow: Int64) -> Step {
        if now >= self.pollDue {
            // A clock that was set back, or another plan's: begin again from its now.
            let watermark = min(self.watermark ?? engineNow, engineNow)
            self.deltaStartedAt = engineNow
            return .delta(since: watermark - Int64(self.settings.overlap / .milliseconds(1)))
        }
        let due = self.followed.filter { $0.value.nextRead <= now }.keys.sorted().prefix(Self.idsPerRead)
        if !due.isEmpty { return .jobs(ids: Array(due)) }
        if self.sweep != nil { return .sweepPage(isFirst: false) }
        if now >= self.sweepDue, now >= self.sweepAllowed { return .sweepPage(isFirst: true) }
        if now >= self.workstationsDue { return .workstations }
        if self.streamsDue { return .allStreams }
        if !self.touchedStreams.isEmpty {
            return .streams(ids: Array(self.touchedStreams.sorted().prefix(Self.idsPerRead)))
        }
        let follow = self.followed.values.map(\.nextRead).min() ?? self.pollDue
        return .wait(
            until: min(self.pollDue, follow, self.workstationsDue, max(self.sweepDue, self.sweepAllowed))
        )
    }

    // MARK: What the answers mean

    /// A job somebody has acted upon: it is read until it looks different or a time has passed.
    mutating func follow(_ id: String, now: Instant) {
        guard self.followed.count < 1000 || self.followed[id] != nil else { return }
        self.followed[id] = Followed(
            until: now.advanced(by: self.settings.followFor),
            baseline: self.content.jobs[id],
            nextRead: now
        )
    }

    /// The task that was reading the whole plan is gone with its place in it.
    mutating func restartSweep() {
        self.sweep = nil
    }

    mutating func failed(_ message: String, retryAfter: Duration?, now: Instant) {
        self.failures += 1
        self.reason = message
        let backoff = min(self.settings.pollInterval * (1 << min(self.failures - 1, 5)), .seconds(30))
        self.retryAt = now.advanced(by: max(retryAfter ?? .zero, min(backoff, .seconds(30))))
    }

    mutating func received(delta rows: [PlanJob], now: Instant) -> PlanContent.Events {
        self.succeeded()
        guard !self.isAnotherPlan(rows) else { return self.rebuild(now: now) }
        self.watermark = self.deltaStartedAt
        self.pollDue = now.advanced(by: self.settings.pollInterval)
        let events = self.merge(rows, now: now)
        let present = Set(rows.map(\.id))
        self.enqueueReading(
            of: [PlanStatus.running, PlanStatus.ready].flatMap { status in
                self.content.jobs.ids(status: status).filter { !present.contains($0) }
            }
        )
        self.queue.append(.counts)
        return events
    }

    /// Rows of `.jobs(ids:)`; those that were asked for and did not come are gone once the counts have been looked at.
    mutating func received(_ rows: [PlanJob], forIDs ids: [String], now: Instant) -> PlanContent.Events {
        self.finished(.jobs(ids: ids))
        guard !self.isAnotherPlan(rows) else { return self.rebuild(now: now) }
        let events = self.merge(rows, now: now)
        let present = Set(rows.map(\.id))
        let missing = ids.filter { !present.contains($0) && self.content.jobs[$0] != nil }
        if !missing.isEmpty {
            self.missing.formUnion(missing)
            if !self.queue.contains(.counts) { self.queue.append(.counts) }
        }
        for id in ids { self.advanceFollowing(id, now: now) }
        return events
    }

    mutating func received(_ rows: [PlanJob], withStatus status: String, now: Instant) -> PlanContent.Events {
        self.finished(.status(status))
        guard !self.isAnotherPlan(rows) else { return self.rebuild(now: now) }
        let events = self.merge(rows, now: now)
        let present = Set(rows.map(\.id))
        self.enqueueReading(of: self.content.jobs.ids(status: status).filter { !present.contains($0) })
        return events
    }

    mutating func received(_ counts: PlanCounts, now: Instant, engineNow: Int64) -> PlanContent.Events {
        self.finished(.counts)
        if case .rebuilding(let lastTotal, let since) = self.phase {
            self.pollDue = now.advanced(by: self.settings.pollInterval)
            let isSettled =
                counts.total == lastTotal
                && (counts.total > 0 || since.duration(to: now) >= self.settings.emptyPlanGrace)
            self.phase = isSettled ? .reloading : .rebuilding(lastTotal: counts.total, since: since)
            return []
        }
        let known = self.content.jobs.count
        if known - counts.total > max(20, known * 3 / 10) { return self.rebuild(now: now) }
        let removed = self.removeMissing()
        self.compare(counts, now: now)
        self.confirmations += 1
        self.reason = nil
        return removed + self.content.becomeLate(now: engineNow)
    }

    /// A page of the whole plan; nil after the last.
    mutating func received(sweepPage rows: [PlanJob]?, now: Instant) -> PlanContent.Events {
        self.succeeded()
        var sweep = self.sweep ?? Sweep(startedAt: now)
        guard let rows else { return self.finish(sweep, now: now) }
        defer { self.sweep = sweep }
        sweep.pages += 1
        for row in rows { sweep.seen.insert(row.id) }
        guard self.phase == .steady else {
            sweep.collected += rows
            return []
        }
        guard !self.isAnotherPlan(rows, toleratesUnknown: true) else {
            defer { sweep = Sweep(startedAt: now) }
            return self.rebuild(now: now)
        }
        sweep.unknown += rows.filter { self.content.jobs[$0.id] == nil }
        return self.merge(rows.filter { self.content.jobs[$0.id] != nil }, now: now)
    }

    mutating func received(streams rows: [PlanJobStream], forIDs ids: [String]) -> PlanContent.Events {
        self.succeeded()
        self.touchedStreams.subtract(ids)
        return self.content.merge(streams: rows, isComplete: false)
    }

    mutating func received(allStreams rows: [PlanJobStream]) -> PlanContent.Events {
        self.succeeded()
        self.streamsDue = false
        self.touchedStreams = []
        return self.content.merge(streams: rows, isComplete: true)
    }

    mutating func received(workstations rows: [PlanWorkstation], now: Instant) -> PlanContent.Events {
        self.succeeded()
        self.workstationsDue = now.advanced(by: self.settings.workstationInterval)
        return self.content.merge(workstations: rows)
    }

    // MARK: Parts

    private mutating func succeeded() {
        self.failures = 0
    }

    private mutating func finished(_ step: Step) {
        self.succeeded()
        if self.queue.first == step { self.queue.removeFirst() }
    }

    private mutating func merge(_ rows: [PlanJob], now: Instant) -> PlanContent.Events {
        let events = self.content.merge(rows)
        for case .job(_, let job, let previous) in events {
            self.touchedStreams.insert(job.streamID)
            if let previous, previous.streamID != job.streamID { self.touchedStreams.insert(previous.streamID) }
            self.advanceFollowing(job.id, now: now)
        }
        return events
    }

    private mutating func removeMissing() -> PlanContent.Events {
        let events = self.content.remove(self.missing.sorted())
        self.missing = []
        for case .job(_, let job, _) in events { self.touchedStreams.insert(job.streamID) }
        return events
    }

    private mutating func enqueueReading(of ids: some Sequence<String>) {
        var rest = ids.sorted()[...]
        while !rest.isEmpty {
            self.queue.append(.jobs(ids: Array(rest.prefix(Self.idsPerRead))))
            rest = rest.dropFirst(Self.idsPerRead)
        }
    }

    private mutating func advanceFollowing(_ id: String, now: Instant) {
        guard var entry = self.followed[id] else { return }
        let current = self.content.jobs[id]
        let hasChanged =
            switch (entry.baseline, current) {
            case (let old?, let new?): !old.isSame(as: new)
            case (nil, nil): false
            default: true
            }
        if hasChanged || now >= entry.until {
            self.followed[id] = nil
        } else {
            entry.nextRead = now.advanced(by: self.settings.followInterval)
            self.followed[id] = entry
        }
    }

    /// Another plan: it says so, or it consists of jobs that nobody knows.
    private func isAnotherPlan(_ rows: [PlanJob], toleratesUnknown: Bool = false) -> Bool {
        if let known = self.content.planID, rows.contains(where: { $0.planID.map { $0 != known } ?? false }) {
            return true
        }
        if toleratesUnknown { return false }
        let unknown = rows.count { self.content.jobs[$0.id] == nil }
        return unknown > max(50, self.content.jobs.count / 5)
    }

    private mutating func rebuild(now: Instant) -> PlanContent.Events {
        self.phase = .rebuilding(lastTotal: nil, since: now)
        self.reason = "the scheduler is building a new plan"
        self.queue = []
        self.missing = []
        self.sweep = nil
        self.followed = [:]
        self.touchedStreams = []
        self.pollDue = now
        return []
    }

    /// What the engine counts differently is read: small states on their own, otherwise everything sooner than planned.
    private mutating func compare(_ counts: PlanCounts, now: Instant) {
        let own = self.content.jobs.countsByStatus
        guard let engine = counts.statuses else {
            if counts.total != self.content.jobs.count { self.sweepDue = min(self.sweepDue, now) }
            return
        }
        let differing = Set(own.keys).union(engine.keys).filter { own[$0] ?? 0 != engine[$0] ?? 0 }.sorted()
        guard !differing.isEmpty else {
            self.mismatches = 0
            return
        }
        self.mismatches += 1
        let readable = differing.filter { status in
            ![PlanStatus.running, PlanStatus.ready].contains(status)
                && max(own[status] ?? 0, engine[status] ?? 0) <= 2 * self.settings.pageSize
        }
        for status in readable { self.queue.append(.status(status)) }
        // Jobs move between the delta and the counts; only what stays different, or differs in number, needs a sweep.
        if counts.total != self.content.jobs.count || (self.mismatches >= 3 && readable.isEmpty) {
            self.sweepDue = min(self.sweepDue, now)
        }
    }

    private mutating func finish(_ sweep: Sweep, now: Instant) -> PlanContent.Events {
        self.sweep = nil
        self.sweepDue = now.advanced(by: self.settings.sweepInterval)
        self.sweepAllowed = now.advanced(
            by: self.settings.gap(afterSweepTaking: sweep.startedAt.duration(to: now))
        )
        self.streamsDue = true
        if self.phase != .steady {
            let reason = self.phase == .loading ? "first reading" : "the scheduler has a new plan"
            self.phase = .steady
            self.reason = nil
            self.confirmations += 1
            self.mismatches = 0
            self.watermark = nil
            self.pollDue = now
            return self.content.replace(with: sweep.collected, reason: reason)
        }
        let missing = self.content.jobs.byID.keys.filter { !sweep.seen.contains($0) }
        let unknown = sweep.unknown.filter { self.content.jobs[$0.id] == nil }
        if missing.count + unknown.count > max(200, self.content.jobs.count / 4) { return self.rebuild(now: now) }
        // A row may have been passed over; only what its id does not find either is gone.
        self.enqueueReading(of: missing)
        return self.merge(unknown, now: now)
    }
}
