/// A job stream instance of the plan; its status is derived from its jobs.
struct SimulatedStream: Sendable {
    let id: EntityID
    let model: StreamModel
    /// The key all its ids and draws are made from: empty or `d<day>|` for later plan days.
    let keyPrefix: String
    /// The number in those keys.
    let number: Int
    /// Differs from the model's name when submitted under an alias.
    let name: String
    let folder: Int
    let workstation: Int
    /// Seconds since the start of the first plan day.
    let scheduledAt: Int
    let priority: Int
    let carryForward: Bool
    var carriedForward = false
    var canceled = false
    /// The stream it follows, as a place in the plan's list.
    var predecessor: Int?
    var prompt: Int?
    /// Places in the plan's list of jobs.
    var jobs: [Int] = []
    var successors: [Int] = []
    /// Sum of the estimates along the longest chain of jobs.
    var estimate = 0

    /// Which definition of the model the stream comes from.
    enum StreamModel: Hashable, Sendable {
        /// The numbered job stream of the model.
        case numbered(Int)
        /// The stream that takes ad-hoc jobs; it is in no model.
        case adHoc
    }

    func jobKey(_ position: Int) -> String { "\(self.keyPrefix)job|\(self.number)|\(position)" }
    func runKey(_ position: Int, attempt: Int) -> String {
        "\(self.keyPrefix)run|\(self.number)|\(position)|\(attempt)"
    }
    func logKey(_ position: Int, attempt: Int) -> String {
        "\(self.keyPrefix)log|\(self.number)|\(position)|\(attempt)"
    }
    func dependencyKey(_ position: Int, _ index: Int) -> String {
        "\(self.keyPrefix)dep|\(self.number)|\(position)|\(index)"
    }
    /// The dependency of the stream itself on another stream.
    var dependencyKey: String { "\(self.keyPrefix)dep|\(self.number)|stream|0" }
}

/// A workstation: what runs jobs, or the master and the broker themselves.
struct SimulatedWorkstation: Sendable {
    /// The product's names of the kinds the simulator has.
    enum Kind: String, Sendable {
        case manager = "MANAGER"
        case broker = "WORKLOAD_BROKER"
        case faultTolerant = "FTA"
        case pool = "POOL"
        case dynamic = "AGENT"
    }

    let id: EntityID
    let name: String
    let kind: Kind
    /// One of the two nodes that can be master.
    let isNode: Bool
    var limit: Int
    var fence = 0
    var stopped = false
    var linked = true
    /// Jobs in INTRO or EXEC.
    var running = 0
}

/// A question an operator has to answer before a job may start.
struct SimulatedPrompt: Sendable {
    /// The product's names of a prompt's states.
    enum Status: String, Sendable {
        case notAsked = "NOT_ASKED"
        case asked = "ASKED"
        case yes = "ANSWERED_YES"
        case no = "ANSWERED_NO"
    }

    let id: EntityID
    let number: Int
    let stream: Int
    var status = Status.notAsked
}
