/// What is drawn once for a job: how it will behave, however often it runs.
struct JobCharacter: Sendable {
    /// How a run ends by itself.
    enum Outcome: Sendable {
        case succeeds
        case abends
        case failsToLaunch
    }

    /// Positions, within the stream, of the jobs it follows: none, one or two.
    var predecessors: [Int]
    var estimate: Int
    /// Duration of the first run in seconds; later runs draw their own.
    var duration: Int
    var outcome: Outcome
    /// Exit code should the first run abend.
    var returnCode: Int
    var recovery: RecoveryOption
    var requiresConfirmation: Bool
    var critical: Bool
    var isCommand: Bool
}

/// One attempt of a job; a job that never started has one that is still to come.
struct JobRun: Sendable {
    var id: EntityID
    /// Starts at 1 and grows with every rerun.
    var attempt: Int
    var type: RerunType
    var status: JobStatus = .hold
    var submittedAt: Int
    var startedAt: Int?
    var endedAt: Int?
    /// When the run will end by itself; set while it runs.
    var plannedEnd: Int?
    /// How it will end by itself; meaningful together with `plannedEnd`.
    var plannedOutcome: JobCharacter.Outcome = .succeeds
    var plannedReturnCode = 0
    var returnCode: Int?
    var jobNumber: Int?
    var step = ""
    var confirmed = false
    var released = false
    var canceled = false
}

/// A job of the plan with its current run; times are seconds since the start of the first plan day.
struct SimulatedJob: Sendable {
    let id: EntityID
    /// Place in the plan's list of streams.
    var stream: Int
    /// Place within the stream, from 0.
    let position: Int
    let name: String
    /// Place in the plan's list of workstations.
    let workstation: Int
    let character: JobCharacter
    /// Task text of an ad-hoc job; nil for one from the model.
    var taskText: String?
    var taskType = "UNIX"
    var user = "batch"

    var priority: Int
    let originalPriority: Int
    var canceled = false
    /// All dependencies, time included, have been released by an operator.
    var freed = false
    /// When the recovery rerun returns the job to HOLD.
    var recoveryAt: Int?
    var readyAt = 0
    var waiting = LaunchObstacle.none
    /// No recovery rerun follows the current run: it was killed or confirmed by an operator.
    var recoveryForbidden = false
    /// Earliest launch of the coming run, from a rerun's start time.
    var notBefore: Int?
    var deadline: Int?

    var run: JobRun
    var previousRuns: [JobRun] = []

    /// Why a READY job was passed over at the last tick.
    enum LaunchObstacle: Sendable {
        case none
        case limit
        case agent
        case fence
    }

    var isSatisfied: Bool {
        self.canceled || self.run.status == .succ || (self.run.status == .abend && self.character.recovery == .continue)
    }

    /// The status the scheduler reports: FENCE instead of READY when the workstation's fence holds the job back.
    var shownStatus: JobStatus {
        self.run.status == .ready && self.waiting == .fence ? .fence : self.run.status
    }

    var isHeld: Bool { self.priority == 0 && self.run.status.isWaitingForLaunch }
}
