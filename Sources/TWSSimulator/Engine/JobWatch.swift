/// Something that happened to a job, with everything a notification of it says.
struct JobEvent: Sendable, Equatable {
    /// The product's names of the events.
    enum Kind: String, Sendable, CaseIterable {
        case statusChanged = "JobStatusChanged"
        case late = "JobLate"
        case riskLevelChanged = "JobRiskLevelChanged"
    }

    let kind: Kind
    /// Seconds since the start of the first plan day.
    let time: Int
    let job: EntityID
    let jobName: String
    let stream: String
    let streamWorkstation: String
    let workstation: String
    let status: JobStatus
    let commonStatus: CommonStatus
    let returnCode: Int?
    let risk: RiskLevel
}

/// How likely a critical job is to miss its deadline.
enum RiskLevel: String, Sendable {
    case none = "NONE"
    /// A job it waits for is in trouble.
    case potential = "POTENTIAL"
    /// By the estimates it ends after its deadline.
    case high = "HIGH"
}

/// What is observed of jobs while somebody wants to be told.
struct JobWatch: Sendable {
    var events: [JobEvent] = []
    var time: Int
    /// Places of the jobs with a deadline, and the size of the plan they were looked for in.
    private(set) var critical: [Int] = []
    private var scope: (day: Int, jobs: Int)?
    private var late: Set<EntityID> = []
    private var risks: [EntityID: RiskLevel] = [:]

    init(time: Int) {
        self.time = time
    }

    mutating func findCriticalJobs(in engine: PlanEngine) {
        if let scope, scope == (engine.day, engine.jobs.count) { return }
        self.scope = (engine.day, engine.jobs.count)
        self.critical = engine.jobs.indices.filter { engine.jobs[$0].deadline != nil }
        let ids = Set(self.critical.map { engine.jobs[$0].id })
        self.late.formIntersection(ids)
        self.risks = self.risks.filter { ids.contains($0.key) }
    }

    /// Whether this is the first time the job is seen late.
    mutating func becomesLate(_ job: EntityID) -> Bool { self.late.insert(job).inserted }

    /// Whether the job's risk was another one before.
    mutating func risk(of job: EntityID, becomes risk: RiskLevel) -> Bool {
        (self.risks.updateValue(risk, forKey: job) ?? .none) != risk
    }
}

extension PlanEngine {
    /// Begins to collect events; what is the case already is none.
    mutating func beginWatch() {
        guard self.watch == nil else { return }
        self.watch = JobWatch(time: self.lastTick)
        self.watchCriticalJobs()
        self.watch?.events = []
    }

    mutating func endWatch() {
        self.watch = nil
    }

    mutating func takeEvents() -> [JobEvent] {
        guard let events = self.watch?.events, !events.isEmpty else { return [] }
        self.watch?.events = []
        return events
    }

    /// Looks for critical jobs that have become late or whose risk has changed.
    mutating func watchCriticalJobs() {
        guard var watch else { return }
        // The only reference to what it holds: it is changed in place and put back.
        self.watch = nil
        watch.findCriticalJobs(in: self)
        for place in watch.critical {
            let job = self.jobs[place]
            if let deadline = job.deadline, deadline < watch.time, job.run.status != .succ, !job.canceled,
                watch.becomesLate(job.id)
            {
                watch.events.append(self.event(.late, of: place, at: watch.time))
            }
            if watch.risk(of: job.id, becomes: self.risk(of: place, at: watch.time)) {
                watch.events.append(self.event(.riskLevelChanged, of: place, at: watch.time))
            }
        }
        self.watch = watch
    }

    func event(_ kind: JobEvent.Kind, of place: Int, at time: Int) -> JobEvent {
        let job = self.jobs[place]
        let stream = self.streams[job.stream]
        return JobEvent(
            kind: kind,
            time: time,
            job: job.id,
            jobName: job.name,
            stream: stream.name,
            streamWorkstation: self.workstations[stream.workstation].name,
            workstation: self.workstations[job.workstation].name,
            status: job.shownStatus,
            commonStatus: self.commonStatus(of: job),
            returnCode: job.run.returnCode,
            risk: self.risk(of: place, at: time)
        )
    }
}
