/// The internal status of a job, as the scheduler spells it.
///
/// A simulated plan reaches the first nine and FENCE by itself; the others only when a test forces them.
package enum JobStatus: String, Sendable, CaseIterable {
    case hold = "HOLD"
    case ready = "READY"
    case intro = "INTRO"
    case exec = "EXEC"
    case pend = "PEND"
    case succ = "SUCC"
    case abend = "ABEND"
    case fail = "FAIL"
    case cancl = "CANCL"
    case fence = "FENCE"
    case wait = "WAIT"
    case suppr = "SUPPR"
    case succp = "SUCCP"
    case abenp = "ABENP"
    case canclp = "CANCLP"
    case susp = "SUSP"
    case stuck = "STUCK"
    case extrn = "EXTRN"
    case error = "ERROR"

    /// Occupies a slot of its workstation.
    package var isRunning: Bool { self == .intro || self == .exec }
    package var isWaitingForLaunch: Bool { self == .hold || self == .ready }
    package var isError: Bool { self == .abend || self == .fail }
    /// The last run is over; only an operator makes the job move again.
    package var isFinal: Bool { self == .succ || self == .abend || self == .fail || self == .cancl }

    /// What the console shows for this internal status of a job that is neither cancelled nor held nor behind a fence.
    package var common: CommonStatus {
        switch self {
        case .hold, .wait, .intro, .pend: .waiting
        case .ready, .fence: .ready
        case .exec, .succp, .abenp: .running
        case .succ: .successful
        case .abend, .fail: .error
        case .cancl, .canclp: .canceled
        case .error, .extrn: .undecided
        case .susp, .stuck: .blocked
        case .suppr: .suppress
        }
    }
}

/// The reason a job does not move, next to its internal status.
package enum JobSubstatus: String, Sendable {
    case priorityZero = "HOLD_PRIORITY_ZERO"
    case waitingForTime = "HOLD_WAITING_FOR_TIME"
    case waitingForPredecessor = "HOLD_WAITING_FOR_PREDECESSOR"
    case waitingForPrompt = "HOLD_WAITING_FOR_PROMPT"
    case waitingForLimit = "READY_WAITING_FOR_LIMIT"
    case waitingForAgent = "READY_WAITING_FOR_AGENT"
}

/// The status an operator sees, common to jobs and job streams.
package enum CommonStatus: String, Sendable, CaseIterable {
    case waiting = "WAITING"
    case ready = "READY"
    case running = "RUNNING"
    case successful = "SUCCESSFUL"
    case error = "ERROR"
    case canceled = "CANCELED"
    case held = "HELD"
    case undecided = "UNDECIDED"
    case blocked = "BLOCKED"
    case suppress = "SUPPRESS"
}

/// The internal status of a job stream, always derived from its jobs.
package enum JobStreamStatus: String, Sendable, CaseIterable {
    case hold = "HOLD"
    case ready = "READY"
    case exec = "EXEC"
    case succ = "SUCC"
    case abend = "ABEND"
    case stuck = "STUCK"
    case cancl = "CANCL"

    package var common: CommonStatus {
        switch self {
        case .hold: .waiting
        case .ready: .ready
        case .exec: .running
        case .succ: .successful
        case .abend: .error
        case .stuck: .blocked
        case .cancl: .canceled
        }
    }
}

/// Why a run exists.
package enum RerunType: String, Sendable {
    case regular = "REGULAR"
    case rerun = "RERUN"
    case rerunFrom = "RERUN_FROM"
    case rerunStep = "RERUN_STEP"
    case recoveryRerun = "RECOVERY_RERUN"
}

/// What the scheduler does by itself after a job ended in error.
package enum RecoveryOption: String, Sendable {
    case stop = "STOP"
    case `continue` = "CONTINUE"
    case rerun = "RERUN"
}
