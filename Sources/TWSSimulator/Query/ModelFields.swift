/// A job definition of the model, which mirrors the streams drawn for the current day.
struct JobDefinitionRow: Sendable {
    let view: PlanView
    /// Place of the job in the plan.
    let place: Int

    var job: SimulatedJob { self.view.engine.jobs[self.place] }
    var stream: SimulatedStream { self.view.engine.streams[self.job.stream] }
    var id: EntityID { self.view.engine.parameters.id("jd|\(self.stream.number)|\(self.job.position)") }

    /// Written as `/AGT002#/DWH/JOB00000_000`.
    var key: String {
        let folder = self.view.folder(self.stream)
        return "\(self.view.workstationPath(self.job.workstation))#\(folder == "/" ? "" : folder)/\(self.job.name)"
    }

    func matches(_ filter: PlanFilter) -> Bool {
        filter.object.matches(folder: self.view.folder(self.stream), name: self.job.name)
            && filter.workstation.matches(
                folder: "/",
                name: self.view.engine.workstations[self.job.workstation].name
            )
    }

    /// All of them: the jobs of the model's streams, those added by hand left out.
    static func all(_ view: PlanView) -> [JobDefinitionRow] {
        view.engine.modelStreams.flatMap { view.engine.streams[$0].jobs }
            .filter { view.engine.jobs[$0].taskText == nil }
            .map { JobDefinitionRow(view: view, place: $0) }
    }
}

extension OQLFieldTable where Row == JobDefinitionRow {
    static let jobDefinitions = Self(jobDefinitionFields, ignoresCase: false)
    static let jobDefinitionsIgnoringCase = Self(jobDefinitionFields, ignoresCase: true)
}

private let jobDefinitionFields: [String: OQLField<JobDefinitionRow>] = [
    "id": .text { $0.id.description },
    "name": .text { $0.job.name },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.job.name)) },
    "folder": .text { $0.view.folder($0.stream) },
    "workstation": .text { $0.view.workstationPath($0.job.workstation) },
    "recoveryOption": .text { $0.job.character.recovery.rawValue },
]

/// A job stream definition of the model.
struct StreamDefinitionRow: Sendable {
    let view: PlanView
    /// Place of the drawn stream in the plan.
    let place: Int

    var stream: SimulatedStream { self.view.engine.streams[self.place] }
    var id: EntityID { self.view.engine.parameters.id("jsd|\(self.stream.number)") }

    func matches(_ filter: PlanFilter) -> Bool {
        StreamRow(view: self.view, place: self.place).matches(filter)
    }

    static func all(_ view: PlanView) -> [StreamDefinitionRow] {
        view.engine.modelStreams.map { StreamDefinitionRow(view: view, place: $0) }
    }
}

extension OQLFieldTable where Row == StreamDefinitionRow {
    static let streamDefinitions = Self(streamDefinitionFields, ignoresCase: false)
    static let streamDefinitionsIgnoringCase = Self(streamDefinitionFields, ignoresCase: true)
}

private let streamDefinitionFields: [String: OQLField<StreamDefinitionRow>] = [
    "id": .text { $0.id.description },
    "name": .text { $0.stream.name },
    "key.name": OQLField(kind: .text, orderOnly: true) { .one(.text($0.stream.name)) },
    "folder": .text { $0.view.folder($0.stream) },
    "workstation": .text { $0.view.workstationPath($0.stream.workstation) },
    "priority": .number { $0.stream.priority },
    "carryForward": .bool { $0.stream.carryForward },
]
