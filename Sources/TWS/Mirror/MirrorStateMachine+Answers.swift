/// What the answers mean.
extension MirrorStateMachine {
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
        self.missing.formUnion(missing)
        for id in ids { self.followed.seen(id, self.content.jobs[id], now: now) }
        if self.countsAreRefused { return events + self.removeMissing() }
        if !missing.isEmpty, !self.queue.contains(.counts) { self.queue.append(.counts) }
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
        self.countsAreRefused = false
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
        // Taken out while it changes: a second reference would make each page copy all pages before it.
        var sweep = self.sweep.take() ?? Sweep(startedAt: now)
        guard let rows else { return self.finish(sweep, now: now) }
        if self.phase == .steady, self.saysAnotherPlan(rows) { return self.rebuild(now: now) }
        let isCompared = self.phase == .steady
        var known: [PlanJob] = []
        for job in rows {
            sweep.seen.insert(job.id)
            if !isCompared {
                sweep.collected.append(job)
            } else if self.content.jobs[job.id] == nil {
                sweep.unknown.append(job)
            } else {
                known.append(job)
            }
        }
        self.sweep = sweep
        return self.merge(known, now: now)
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

    private mutating func finished(_ step: Step) {
        self.succeeded()
        if self.queue.first == step { self.queue.removeFirst() }
    }

    private mutating func merge(_ rows: [PlanJob], now: Instant) -> PlanContent.Events {
        let events = self.content.merge(rows)
        for case .job(_, let job, let previous) in events {
            self.touch(job)
            if let previous, previous.streamID != job.streamID { self.touch(previous) }
            self.followed.seen(job.id, job, now: now)
        }
        return events
    }

    private mutating func removeMissing() -> PlanContent.Events {
        let events = self.content.remove(self.missing.sorted())
        self.missing = []
        for case .job(_, let job, _) in events { self.touch(job) }
        return events
    }

    /// The stream of a job that changed has probably changed too.
    private mutating func touch(_ job: PlanJob) {
        if OQL.accepts(job.streamID), !job.streamID.isEmpty { self.touchedStreams.insert(job.streamID) }
    }

    private mutating func enqueueReading(of ids: some Sequence<String>) {
        var rest = ids.sorted()[...]
        while !rest.isEmpty {
            self.queue.append(.jobs(ids: Array(rest.prefix(Self.idsPerRead))))
            rest = rest.dropFirst(Self.idsPerRead)
        }
    }

    private func saysAnotherPlan(_ rows: [PlanJob]) -> Bool {
        guard let known = self.content.planID else { return false }
        return rows.contains { $0.planID.map { $0 != known } ?? false }
    }

    /// Another plan: it says so, or it consists of jobs that nobody knows.
    private func isAnotherPlan(_ rows: [PlanJob]) -> Bool {
        if self.saysAnotherPlan(rows) { return true }
        let unknown = rows.count { self.content.jobs[$0.id] == nil }
        return unknown > max(50, self.content.jobs.count / 5)
    }

    private mutating func rebuild(now: Instant) -> PlanContent.Events {
        self.phase = .rebuilding(lastTotal: nil, since: now)
        self.reason = "the scheduler is building a new plan"
        self.queue = []
        self.missing = []
        self.sweep = nil
        self.followed.forgetAll()
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
            // Running and ready jobs have just been read.
            ![PlanStatus.running, PlanStatus.ready].contains(status) && PlanStatus.all.contains(status)
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
        self.confirmations += 1
        if self.phase != .steady {
            let reason = self.phase == .loading ? "first reading" : "the scheduler has a new plan"
            self.phase = .steady
            self.reason = nil
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
