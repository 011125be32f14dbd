/// A job stream of a view, as queries see it.
struct StreamRow: Sendable {
    let view: PlanView
    let place: Int

    var stream: SimulatedStream { self.view.engine.streams[self.place] }
    var status: JobStreamStatus { self.view.engine.streamStatus(self.place, at: self.view.now) }
    var common: CommonStatus { self.status.common }
    var counts: StreamCounts { StreamCounts(self.view, self.place) }
    var times: StreamTimes { StreamTimes(self.view, self.place) }
    var dependencies: [PlanDependency] { self.view.engine.dependencies(ofStream: self.place) }

    /// The name in the model, which an alias hides.
    var originalName: String {
        switch self.stream.model {
        case .numbered(let number): "JS\(padded(number, to: 5))"
        case .adHoc: "JOBS"
        }
    }

    func matches(_ filter: PlanFilter) -> Bool {
        let stream = self.stream
        return filter.object.matches(folder: self.view.folder(stream), name: stream.name)
            && filter.workstation.matches(
                folder: "/",
                name: self.view.engine.workstations[stream.workstation].name
            )
            && (filter.state.map { $0 == self.status.rawValue } ?? true)
    }
}

/// How many jobs of a stream are in which state.
struct StreamCounts: Sendable {
    private(set) var jobs = 0
    private(set) var successful = 0
    private(set) var executing = 0
    private(set) var abended = 0
    private(set) var failed = 0
    private(set) var undecided = 0

    var notRunning: Int {
        self.jobs - self.successful - self.executing - self.abended - self.failed - self.undecided
    }

    init(_ view: PlanView, _ place: Int) {
        for job in view.engine.streams[place].jobs {
            self.jobs += 1
            switch view.engine.jobs[job].run.status {
            case .succ: self.successful += 1
            case .exec: self.executing += 1
            case .abend: self.abended += 1
            case .fail: self.failed += 1
            case .error, .extrn: self.undecided += 1
            default: break
            }
        }
    }
}

/// When a stream's first job started and, once it is done, when its last one ended.
struct StreamTimes: Sendable {
    private(set) var started: Int?
    private(set) var ended: Int?
    let elapsed: Int?

    init(_ view: PlanView, _ place: Int) {
        for job in view.engine.streams[place].jobs {
            let job = view.engine.jobs[job]
            let first = job.previousRuns.first?.startedAt ?? job.run.startedAt
            if let first { self.started = min(self.started ?? first, first) }
            if let end = job.run.endedAt { self.ended = max(self.ended ?? end, end) }
        }
        if !view.engine.isDone(place) || self.started == nil { self.ended = nil }
        let ended = self.ended
        self.elapsed = self.started.map { max(0, (ended ?? view.now) - $0) }
    }
}

extension OQLFieldTable where Row == StreamRow {
    static let streams = Self(streamFields, ignoresCase: false)
    static let streamsIgnoringCase = Self(streamFields, ignoresCase: true)
}

private func count(_ value: @escaping @Sendable (StreamCounts) -> Int) -> OQLField<StreamRow> {
    .number(equalityOnly: true) { value($0.counts) }
}

private let streamFields: [String: OQLField<StreamRow>] = [
    "id": .text { $0.stream.id.description },
    "key": .text { $0.view.streamKey($0.stream) },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.stream.name)) },
    "name": .text { $0.stream.name },
    "originalJobStreamName": .text { $0.originalName },
    "aliasJobStreamName": .text { $0.stream.name == $0.originalName ? nil : $0.stream.name },
    "folder": .text { $0.view.folder($0.stream) },
    "folderId": .text { $0.view.engine.folderIDs[$0.stream.folder].description },
    "workstation": .text { $0.view.workstationPath($0.stream.workstation) },
    "commonStatus": .text { $0.common.rawValue },
    "compositeStatus.status": .text { $0.status.rawValue },
    "priority": .number { $0.stream.priority },
    "origPriority": .number { $0.stream.priority },
    "limit": .number { _ in -1 },
    "schedTime": .instant { $0.view.instant($0.stream.scheduledAt) },
    "pendingPredecessor": .bool { _ in false },
    "timeInfo.actualStartTime": .instant { row in row.times.started.map(row.view.instant) },
    "timeInfo.actualEndTime": .instant { row in row.times.ended.map(row.view.instant) },
    "timeInfo.elapsedTime": .duration { $0.times.elapsed },
    "timeInfo.estimatedDuration": .duration { $0.stream.estimate },
    "timeRestrictions.startTime": .instant { $0.view.instant($0.stream.scheduledAt) },
    "timeRestrictions.deadlineTime": .instant { _ in nil },
    "timeRestrictions.untilTime": .instant { _ in nil },
    "jsDefinitionFlags.carriedForward": .bool { $0.stream.carriedForward },
    "jsOptions.monitored": .bool { _ in false },
    "jsOptions.carryForward": .bool { $0.stream.carryForward },
    "jobStreamStats.numberOfJob": count { $0.jobs },
    "jobStreamStats.numberOfCurrentNodes": count { $0.jobs },
    "jobStreamStats.numberOfSuccessfulJob": count { $0.successful },
    "jobStreamStats.numberOfNotRunningJob": count { $0.notRunning },
    "jobStreamStats.numberOfExecutingJob": count { $0.executing },
    "jobStreamStats.numberOfAbendedJob": count { $0.abended },
    "jobStreamStats.numberOfFailedJob": count { $0.failed },
    "jobStreamStats.numberOfUndecidedJob": count { $0.undecided },
    "dependencies.dependencyStatus": .elements(.text) { row in
        row.dependencies.map { .text(row.view.engine.isSatisfied($0) ? "SATISFIED" : "UNSATISFIED") }
    },
    "dependencies.jobStreamId": .elements(.text) { row in row.predecessors.map { .text($0.id.description) } },
    "dependencies.jobStreamName": .elements(.text) { row in row.predecessors.map { .text($0.name) } },
    "dependencies.jobStreamFolder": .elements(.text) { row in
        row.predecessors.map { .text(row.view.folder($0)) }
    },
    "dependencies.jobStreamWorkstation": .elements(.text) { row in
        row.predecessors.map { .text(row.view.workstationPath($0.workstation)) }
    },
].merging(dependencyCountFields { (row: StreamRow) in DependencyCounts(row.view.engine, row.dependencies) }) { own, _ in
    own
}

extension StreamRow {
    fileprivate var predecessors: [SimulatedStream] {
        self.stream.predecessor.map { [self.view.engine.streams[$0]] } ?? []
    }
}
