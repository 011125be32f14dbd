import Collections

/// What the mirror knows, and what changes when something is read: rows in, events out.
struct PlanContent: Sendable {
    private(set) var jobs = PlanJobIndex()
    private(set) var streams: TreeDictionary<String, PlanJobStream> = [:]
    private(set) var workstations: TreeDictionary<String, PlanWorkstation> = [:]
    private(set) var planID: String?
    private(set) var version: UInt64 = 0
    private(set) var history = PlanHistory()
    /// After a new plan, streams and workstations are first taken without an event each: it has been said already.
    private var knowsStreams = false
    private var knowsWorkstations = false
    /// Jobs that become late by time alone, and when.
    private var lateFrom: [String: Int64] = [:]
    /// The same in the order of time, with entries that ``lateFrom`` does not know any more.
    private var lateQueue = Heap<LateEntry>()

    private struct LateEntry: Comparable {
        let at: Int64
        let id: String

        static func < (left: Self, right: Self) -> Bool { left.at < right.at }
    }

    typealias Events = [PlanChange.Event]

    /// Takes rows that are newer than what is known; rows without a difference say nothing.
    mutating func merge(_ rows: [PlanJob]) -> Events {
        var events: Events = []
        for job in rows {
            let previous = self.jobs[job.id]
            if let previous, previous.isSame(as: job) { continue }
            self.put(job)
            events.append(.job(previous == nil ? .added : .changed, job, previous: previous))
        }
        return self.counted(events)
    }

    mutating func remove(_ ids: some Sequence<String>) -> Events {
        var events: Events = []
        for id in ids {
            guard let job = self.jobs.remove(id: id) else { continue }
            self.lateFrom[id] = nil
            events.append(.job(.removed, job, previous: job))
        }
        return self.counted(events)
    }

    /// Forgets all jobs and streams and takes these jobs instead.
    mutating func replace(with rows: some Sequence<PlanJob>, reason: String) -> Events {
        self.jobs = PlanJobIndex()
        self.streams = [:]
        self.knowsStreams = false
        self.lateFrom = [:]
        self.lateQueue = Heap()
        self.planID = nil
        for job in rows {
            self.put(job)
            if self.planID == nil { self.planID = job.planID }
        }
        let events = self.counted([.planReplaced(reason: reason)])
        self.history.restart(at: self.version)
        return events
    }

    /// Jobs whose deadline or latest start has passed since the last time are reported as changed, once.
    mutating func becomeLate(now: Int64) -> Events {
        var events: Events = []
        while let next = self.lateQueue.min, next.at < now {
            self.lateQueue.removeMin()
            guard self.lateFrom[next.id] == next.at else { continue }
            self.lateFrom[next.id] = nil
            if let job = self.jobs[next.id] { events.append(.job(.changed, job, previous: job)) }
        }
        return self.counted(events)
    }

    /// Takes streams; with `isComplete` those that are not among them are gone.
    mutating func merge(streams rows: [PlanJobStream], isComplete: Bool) -> Events {
        var events: Events = []
        for stream in rows {
            let previous = self.streams[stream.id]
            if let previous, previous.isSame(as: stream) { continue }
            self.streams[stream.id] = stream
            events.append(.stream(previous == nil ? .added : .changed, stream, previous: previous))
        }
        if isComplete {
            let present = Set(rows.map(\.id))
            for (id, stream) in self.streams where !present.contains(id) {
                self.streams[id] = nil
                events.append(.stream(.removed, stream, previous: stream))
            }
        }
        defer { self.knowsStreams = self.knowsStreams || isComplete }
        return self.knowsStreams ? self.counted(events) : self.silenced(events)
    }

    /// Takes the complete list of workstations.
    mutating func merge(workstations rows: [PlanWorkstation]) -> Events {
        var events: Events = []
        for workstation in rows {
            let previous = self.workstations[workstation.id]
            if previous == workstation { continue }
            self.workstations[workstation.id] = workstation
            events.append(.workstation(previous == nil ? .added : .changed, workstation, previous: previous))
        }
        let present = Set(rows.map(\.id))
        for (id, workstation) in self.workstations where !present.contains(id) {
            self.workstations[id] = nil
            events.append(.workstation(.removed, workstation, previous: workstation))
        }
        defer { self.knowsWorkstations = true }
        return self.knowsWorkstations ? self.counted(events) : self.silenced(events)
    }

    private mutating func put(_ job: PlanJob) {
        self.jobs.put(job)
        // What was late when it was read says so already.
        let lateFrom = job.isLate(at: job.changedAt) ? nil : job.lateFrom
        guard lateFrom != self.lateFrom[job.id] else { return }
        self.lateFrom[job.id] = lateFrom
        if let lateFrom { self.lateQueue.insert(LateEntry(at: lateFrom, id: job.id)) }
    }

    private mutating func counted(_ events: Events) -> Events {
        guard !events.isEmpty else { return events }
        self.version += 1
        let changes = events.compactMap { event -> PlanHistory.Change? in
            guard case .job(_, let job, let previous) = event else { return nil }
            return PlanHistory.Change(id: job.id, previous: previous)
        }
        self.history.append(changes, version: self.version)
        return events
    }

    private mutating func silenced(_ events: Events) -> Events {
        _ = self.counted(events)
        return []
    }
}
