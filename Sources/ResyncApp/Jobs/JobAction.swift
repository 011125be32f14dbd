import TWS

/// What an operator may do with a job, by the name it has in the API.
enum JobAction: String, CaseIterable, Sendable {
    case rerun
    case cancel
    case kill
    case hold
    case release
    case confirmSuccessful = "confirm-succ"
    case confirmAbended = "confirm-abend"
    case setPriority = "set-priority"
    case releaseDependencies = "release-dependencies"

    /// Whether the scheduler would accept it in the state the job was last seen in (operator rules of the manual).
    ///
    /// The scheduler decides; this only keeps a front end from offering what must fail.
    func isAllowed(for job: PlanJob) -> Bool {
        let state = job.internalStatus
        return switch self {
        case .rerun: ["SUCC", "ABEND", "FAIL", "CANCL", "SUPPR"].contains(state) || (job.canceled && job.isFinal)
        case .cancel: !job.canceled
        case .kill: state == "EXEC" || state == "INTRO"
        case .hold: (state == "HOLD" || state == "READY" || state == "FENCE") && job.priority > 0 && !job.canceled
        case .release: (state == "HOLD" || job.held) && !job.canceled
        case .confirmSuccessful: ["EXEC", "ABENP", "PEND", "ABEND", "SUPPR", "DONE"].contains(state)
        case .confirmAbended: ["EXEC", "PEND", "DONE"].contains(state)
        case .setPriority: !job.isFinal
        case .releaseDependencies: state == "HOLD" && !job.canceled
        }
    }

    static func allowed(for job: PlanJob) -> [Self] {
        self.allCases.filter { $0.isAllowed(for: job) }
    }
}
