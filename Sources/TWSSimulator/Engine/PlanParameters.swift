/// Everything a plan depends on besides virtual time and the operators' actions.
package struct PlanParameters: Sendable, Equatable {
    package var seed: UInt64 = 42
    /// Job streams of one plan day.
    package var streams = 200
    package var agents = 8
    package var masterName = "MDM1"
    package var backupName = "BKM1"
    /// Jobs a workstation runs at once.
    package var limit = 20
    /// Start of the first plan day in seconds since 1970.
    package var startSecondsSinceEpoch = 1_768_435_200
    package var timeZone = "UTC"
    /// A new plan day begins every 86,400 seconds; otherwise the first goes on for ever.
    package var rollover = false
    /// How long lists return only a growing part of the rows after a new day began.
    package var reloadSeconds = 60
    /// Some streams wait for the answer to a prompt.
    package var prompts = false
    /// A job cancelled before its launch gets the status CANCL; otherwise it keeps the one it had.
    package var canceledHasOwnStatus = true
    /// What operators see of a job that its workstation's fence holds back.
    package var fenceStatus = FenceStatus.ready

    package init() {}

    /// Seconds between two scans of the plan by the scheduler.
    package static let tickSeconds = 5
    package static let daySeconds = 86_400

    /// The common statuses an engine may show for the internal status FENCE.
    package enum FenceStatus: String, Sendable, CaseIterable {
        case ready = "READY"
        case waiting = "WAITING"
        case held = "HELD"
        case blocked = "BLOCKED"

        var common: CommonStatus {
            switch self {
            case .ready: .ready
            case .waiting: .waiting
            case .held: .held
            case .blocked: .blocked
            }
        }
    }

    /// The folders of the plan; a stream is drawn into one of them.
    static let folders = ["/", "/FIN", "/SUP", "/HR", "/DWH"]
    static let resources = ["DBLOCK", "TAPE", "LICA", "LICB", "SLOTX"]
    /// Units each resource has.
    static let resourceQuantity = 5
    /// Most jobs the successors and predecessors calls return.
    static let maximumRelated = 1000

    func instant(_ seconds: Int) -> PlanInstant {
        PlanInstant(secondsSinceEpoch: self.startSecondsSinceEpoch + seconds)
    }

    func id(_ key: String) -> EntityID { EntityID(seed: self.seed, key: key) }
}
