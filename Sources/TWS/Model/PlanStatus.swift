/// The external states of jobs and job streams, and how internal ones map to them.
///
/// Plan objects carry the state as text: a value that is not listed here is passed through as it came.
package enum PlanStatus {
    package static let waiting = "WAITING"
    package static let ready = "READY"
    package static let running = "RUNNING"
    package static let successful = "SUCCESSFUL"
    package static let error = "ERROR"
    package static let canceled = "CANCELED"
    package static let held = "HELD"
    package static let undecided = "UNDECIDED"
    package static let blocked = "BLOCKED"
    package static let suppress = "SUPPRESS"

    package static let all = [
        waiting, ready, running, successful, error, canceled, held, undecided, blocked, suppress,
    ]

    /// Nothing more happens by itself in these.
    package static func isFinal(_ status: String) -> Bool {
        [self.successful, self.error, self.canceled, self.suppress].contains(status)
    }

    /// For answers without `commonStatus`: the table of the operators' manual.
    static func derived(internalStatus: String, canceled: Bool, priority: Int) -> String {
        if canceled { return self.canceled }
        switch internalStatus {
        case "HOLD", "WAIT", "INTRO", "PEND", "ADD", "WAITD":
            return priority == 0 && internalStatus != "INTRO" && internalStatus != "PEND" ? self.held : self.waiting
        case "READY", "FENCE": return priority == 0 ? self.held : self.ready
        case "EXEC", "SUCCP", "ABENP", "BOUND": return self.running
        case "SUCC": return self.successful
        case "ABEND", "FAIL": return self.error
        case "CANCL", "CANCLP": return self.canceled
        case "ERROR", "EXTRN": return self.undecided
        case "SUSP", "STUCK": return self.blocked
        case "SUPPR": return self.suppress
        default: return internalStatus
        }
    }
}
