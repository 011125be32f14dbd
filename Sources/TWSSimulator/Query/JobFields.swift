/// A job of a view, as queries see it.
struct JobRow: Sendable {
    let view: PlanView
    let place: Int

    var job: SimulatedJob { self.view.engine.jobs[self.place] }
    var stream: SimulatedStream { self.view.engine.streams[self.job.stream] }
    var runs: [JobRun] {
        let job = self.job
        return job.previousRuns + [job.run]
    }

    func matches(_ filter: PlanFilter) -> Bool {
        let job = self.job
        let stream = self.stream
        return filter.job.matches(job.name)
            && filter.object.matches(folder: self.view.folder(stream), name: stream.name)
            && filter.workstation.matches(
                folder: "/",
                name: self.view.engine.workstations[stream.workstation].name
            )
            && (filter.state.map { $0 == job.shownStatus.rawValue } ?? true)
    }
}

extension OQLFieldTable where Row == JobRow {
    static let jobs = Self(jobFields, ignoresCase: false)
    static let jobsIgnoringCase = Self(jobFields, ignoresCase: true)
}

private let jobFields: [String: OQLField<JobRow>] = [
    "id": OQLField(kind: .id) { row in
        row.view.knobs.compositeIDs
            ? .one(.text(row.view.jobIDText(row.place))) : .one(.id(row.view.engine.jobs[row.place].id))
    },
    "name": .text { $0.job.name },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.job.name)) },
    "folder": .text { $0.view.folder($0.stream) },
    "folderId": .text { $0.view.engine.folderIDs[$0.stream.folder].description },
    "workstation": .text { $0.view.workstationPath($0.job.workstation) },
    "priority": .number { $0.job.priority },
    "jobStreamId": .text { $0.stream.id.description },
    "jobStreamName": .text { $0.stream.name },
    "jobStreamWorkstation": .text { $0.view.workstationPath($0.stream.workstation) },
    "jobOptions.critical": .bool { $0.job.character.critical },
    "jobOptions.every": .bool { _ in false },
    "jobOptions.noOperation": .bool { _ in false },
    "jobOptions.requiresConfirmation": .bool { $0.job.character.requiresConfirmation },
    "jobDefinition.isCommand": .bool { $0.job.character.isCommand },
    "jobDefinition.key.name": .text { $0.job.name },
    "jobDefinition.recoveryOption": .text { $0.job.character.recovery.rawValue },
    "jobDefinition.taskType": .text { $0.job.taskType },
    "jobDefinition.userLogin": .text { $0.job.user },
    "jobDefinition.workstation": .text { $0.view.workstationPath($0.job.workstation) },
    "jobruns.actualWorkstation": .elements(.text) { row in
        row.runs.map { _ in .text(row.view.workstationPath(row.job.workstation)) }
    },
    "jobruns.commonStatus": .elements(.text) { row in
        row.runs.map { .text(row.view.commonStatus(of: $0, job: row.job).rawValue) }
    },
    "jobruns.compositeStatus.status": .elements(.text) { row in
        row.runs.map { .text(row.view.shownStatus(of: $0, job: row.job).rawValue) }
    },
    "jobruns.compositeStatus.canceled": .elements(.bool) { $0.runs.map { .bool($0.canceled) } },
    "jobruns.elapsedTime": .elements(.duration, equalityOnly: true) { row in
        row.runs.map { row.view.elapsed($0).map(OQLValue.number) ?? .null }
    },
    "jobruns.estimatedDuration": .elements(.duration, equalityOnly: true) { row in
        row.runs.map { _ in .number(row.job.character.estimate) }
    },
    "jobruns.jobNumber": .elements(.number, equalityOnly: true) { $0.runs.map { .number($0.jobNumber) } },
    "jobruns.maxDurationGone": .elements(.bool) { $0.runs.map { _ in .bool(false) } },
    "jobruns.minDurationNotReached": .elements(.bool) { $0.runs.map { _ in .bool(false) } },
    "jobruns.rerunType": .elements(.text) { $0.runs.map { .text($0.type.rawValue) } },
    "jobruns.returnCode": .elements(.number) { $0.runs.map { .number($0.returnCode) } },
    "jobruns.step": .elements(.text) { $0.runs.map { .text($0.step) } },
    "jobruns.timeInfo.actualStartTime": .elements(.instant) { row in
        row.runs.map { row.view.instantValue($0.startedAt) }
    },
    "jobruns.timeInfo.actualEndTime": .elements(.instant) { row in
        row.runs.map { row.view.instantValue($0.endedAt) }
    },
    "timeRestrictions.untilTime": .instant { _ in nil },
    "timeRestrictions.untilAction": .text { _ in nil },
    "dependencies.dependencyStatus": .elements(.text) { row in
        row.dependencies.map { .text(row.view.engine.isSatisfied($0) ? "SATISFIED" : "UNSATISFIED") }
    },
    "dependencies.jobId": .elements(.text) { row in
        row.predecessors.map { .text(row.view.jobIDText($0)) }
    },
    "dependencies.jobStreamId": .elements(.text) { row in row.predecessors.map { _ in .text(row.stream.id.description) }
    },
    "dependencies.jobStreamName": .elements(.text) { row in row.predecessors.map { _ in .text(row.stream.name) } },
    "dependencies.jobStreamFolder": .elements(.text) { row in
        row.predecessors.map { _ in .text(row.view.folder(row.stream)) }
    },
    "dependencies.jobStreamWorkstation": .elements(.text) { row in
        row.predecessors.map { _ in .text(row.view.workstationPath(row.stream.workstation)) }
    },
].merging(dependencyCountFields { (row: JobRow) in DependencyCounts(row.view.engine, row.dependencies) }) { own, _ in
    own
}

extension JobRow {
    fileprivate var dependencies: [PlanDependency] { self.view.engine.dependencies(ofJob: self.place) }

    fileprivate var predecessors: [Int] {
        self.dependencies.compactMap { dependency in
            if case .job(let place) = dependency { place } else { nil }
        }
    }
}

extension OQLValue {
    fileprivate static func number(_ value: Int?) -> OQLValue {
        value.map { .number($0) } ?? .null
    }
}

extension PlanView {
    /// A moment of the plan as a value of a query's field.
    func instantValue(_ seconds: Int?) -> OQLValue {
        seconds.map { .number(self.instant($0).secondsSinceEpoch) } ?? .null
    }

    /// How long a run has been or was under way.
    func elapsed(_ run: JobRun) -> Int? {
        run.startedAt.map { max(0, (run.endedAt ?? self.now) - $0) }
    }

    /// The status a run shows; the last one's depends on its job too.
    func shownStatus(of run: JobRun, job: SimulatedJob) -> JobStatus {
        run.id == job.run.id ? job.shownStatus : run.status
    }

    func commonStatus(of run: JobRun, job: SimulatedJob) -> CommonStatus {
        if run.id == job.run.id { return self.engine.commonStatus(of: job) }
        return run.canceled ? .canceled : run.status.common
    }
}
