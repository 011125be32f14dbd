/// Decides what a plan mirror reads next and what the answers mean.
///
/// One step at a time: ``next(now:engineNow:)`` names it, and exactly one of the methods that take its result, or
/// ``failed(_:_:retryAfter:isPermanent:now:)``, follows. What an engine cannot be asked for ("changed since") is put
/// together from several questions:
///
/// * each poll, the jobs that run or are ready and those that started or ended lately, then by id those that left these
///   states unseen, then the engine's own counts;
/// * a small state that the engine counts differently is read on its own, anything else brings the next sweep forward;
/// * a sweep reads everything page by page, between the polls.
///
/// What neither starts nor ends nor changes a state, such as the reason for waiting, is seen by sweeps only.
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

    /// Whether what is read is compared with what is known.
    enum Phase: Sendable, Hashable {
        /// The first time.
        case loading
        case steady
        /// The scheduler builds a new plan; it is read when two counts in a row agree.
        case rebuilding(lastTotal: Int?, since: Instant)
        /// The new plan is being read.
        case reloading
    }

    struct Sweep: Sendable {
        let startedAt: Instant
        var seen: Set<String> = []
        /// Rows that are not known: added at the end, unless there are so many that the plan is another one.
        var unknown: [PlanJob] = []
        /// While loading and reloading: everything.
        var collected: [PlanJob] = []
    }

    /// More ids than this in one query make its URL too long.
    static let idsPerRead = 50

    let settings: MirrorSettings
    var content = PlanContent()
    var phase = Phase.loading
    /// The rest of a poll, in order.
    var queue: [Step] = []
    var sweep: Sweep?
    var followed: FollowedJobs
    var touchedStreams: Set<String> = []
    var watermark: Int64?
    var deltaStartedAt: Int64 = 0
    var pollDue: Instant
    var sweepDue: Instant
    var sweepAllowed: Instant
    var workstationsDue: Instant
    var streamsDue = true
    private var retryAt: Instant?
    private var failures = 0
    /// Polls in a row whose counts differed.
    var mismatches = 0
    /// Not found by their id: gone, unless the counts say that a new plan is being built.
    var missing: Set<String> = []
    /// The engine does not say how many jobs there are: what its ids do not find is gone without more ado.
    var countsAreRefused = false
    /// Why the content is not confirmed any more.
    var reason: String?
    /// Grows with each poll that was completed: the content was confirmed then.
    var confirmations: UInt64 = 0

    init(settings: MirrorSettings, now: Instant) {
        self.settings = settings
        self.followed = FollowedJobs(for: settings.followFor, every: settings.followInterval)
        self.pollDue = now
        self.sweepDue = now
        self.sweepAllowed = now
        self.workstationsDue = now
    }

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
        let due = self.followed.due(now: now, limit: Self.idsPerRead)
        if !due.isEmpty { return .jobs(ids: due) }
        if self.sweep != nil { return .sweepPage(isFirst: false) }
        if now >= self.sweepDue, now >= self.sweepAllowed { return .sweepPage(isFirst: true) }
        if now >= self.workstationsDue { return .workstations }
        if self.streamsDue { return .allStreams }
        if !self.touchedStreams.isEmpty {
            return .streams(ids: Array(self.touchedStreams.sorted().prefix(Self.idsPerRead)))
        }
        let wakeUps = [self.pollDue, self.workstationsDue, max(self.sweepDue, self.sweepAllowed)]
        return .wait(until: min(wakeUps.min() ?? self.pollDue, self.followed.nextRead ?? self.pollDue))
    }

    /// A job somebody has acted upon.
    mutating func follow(_ id: String, now: Instant) {
        self.followed.follow(id, baseline: self.content.jobs[id], now: now)
    }

    /// The task that was reading the whole plan is gone with its place in it.
    mutating func restartSweep() {
        self.sweep = nil
    }

    mutating func succeeded() {
        self.failures = 0
    }

    /// A step could not be read; `isPermanent` when the same question will get the same refusal.
    mutating func failed(_ step: Step, _ message: String, retryAfter: Duration?, isPermanent: Bool, now: Instant) {
        if isPermanent, self.isDispensable(step, now: now) { return }
        self.reason = message
        if isPermanent, self.goesOn(without: step, now: now) { return }
        self.failures += 1
        // After so many, doubling has passed the bound for any interval.
        let doubled = self.settings.pollInterval * (1 << min(self.failures - 1, 10))
        self.retryAt = now.advanced(by: max(retryAfter ?? .zero, min(doubled, .seconds(30))))
    }

    /// What operators may be forbidden to see without the plan's jobs being less true.
    private mutating func isDispensable(_ step: Step, now: Instant) -> Bool {
        switch step {
        case .workstations: self.workstationsDue = now.advanced(by: self.settings.sweepInterval)
        case .allStreams, .streams:
            self.streamsDue = false
            self.touchedStreams = []
        default: return false
        }
        return true
    }

    /// Leaves one kind of question to the next poll, so that the others keep their rhythm; false when nothing works
    /// without its answer.
    private mutating func goesOn(without step: Step, now: Instant) -> Bool {
        switch step {
        case .delta:
            self.pollDue = now.advanced(by: self.settings.pollInterval)
            self.sweepDue = min(self.sweepDue, now)
        case .jobs(let ids):
            self.drop { if case .jobs = $0 { true } else { false } }
            for id in ids { self.followed.seen(id, self.content.jobs[id], now: now) }
        case .status:
            self.drop { if case .status = $0 { true } else { false } }
            self.sweepDue = min(self.sweepDue, now)
        case .counts:
            self.countsAreRefused = true
            self.drop { $0 == .counts }
            if case .rebuilding = self.phase { self.phase = .reloading }
        case .sweepPage:
            guard self.phase == .steady else { return false }
            self.sweep = nil
            self.sweepDue = now.advanced(by: self.settings.sweepInterval)
        case .streams, .allStreams, .workstations, .wait: return false
        }
        return true
    }

    private mutating func drop(_ isDropped: (Step) -> Bool) {
        self.queue.removeAll(where: isDropped)
    }
}
