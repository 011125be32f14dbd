/// The simulated scheduler: a plan and the rules by which it moves.
///
/// A value without clock, I/O or randomness beyond its seed: equal parameters and equal actions at equal virtual times give
/// equal plans. Time is in seconds since the start of the first plan day and passes in ticks of five. Copying it is
/// cheap until one of the copies moves, which is how readers get a consistent plan without holding a lock.
package struct PlanEngine: Sendable {
    package internal(set) var parameters: PlanParameters
    /// The last tick that ran; before the first one, a tick before zero.
    package internal(set) var lastTick = -PlanParameters.tickSeconds
    /// Plan days begun, from 0.
    package internal(set) var day = 0
    /// Rows of lists are still coming back since this time, after a new day began.
    var reloadStartedAt: Int?
    /// Place of the master in `workstations`.
    var master = 0

    var jobs: [SimulatedJob] = []
    var streams: [SimulatedStream] = []
    var workstations: [SimulatedWorkstation]
    var prompts: [SimulatedPrompt] = []
    var jobPlaces: [EntityID: Int] = [:]
    var runPlaces: [EntityID: Int] = [:]
    var streamPlaces: [EntityID: Int] = [:]
    let workstationPlaces: [EntityID: Int]
    /// Places of the streams drawn for the current day: the model mirrors them.
    var modelStreams = 0..<0
    let folderIDs: [EntityID]

    // What the next tick has to look at, so that its cost follows what changes and not the size of the plan.
    var running: Set<Int> = []
    var ready: Set<Int> = []
    var introduced: [Int] = []
    var recovering: [Int] = []
    var touchedStreams: Set<Int> = []
    /// Streams and the times they become due, latest first.
    var arrivals: [Arrival] = []
    var pendingActions: [PendingAction] = []
    var launches = 0
    var nextStreamNumber: Int
    /// By workstation: its stream JOBS, which may be still to come.
    var adHocStreams: [Int: EntityID] = [:]
    var promises: [EntityID: AdHocPromise] = [:]

    /// Events of jobs; nil while nobody wants to know, because looking for them costs time.
    var watch: JobWatch?

    /// A stream whose jobs have to be looked at from a certain time on.
    struct Arrival: Sendable {
        var time: Int
        var stream: Int
    }

    /// An accepted action and the virtual time it came at.
    struct PendingAction: Sendable {
        var arrival: Int
        var action: OperatorAction
    }

    package init(parameters: PlanParameters) {
        self.parameters = parameters
        self.workstations = PlanGenerator(parameters: parameters).workstations()
        self.workstationPlaces = Dictionary(
            self.workstations.enumerated().map { ($1.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.folderIDs = PlanParameters.folders.map {
            EntityID(wellKnownFolder: $0) ?? parameters.id("folder|\($0)")
        }
        self.nextStreamNumber = parameters.streams
        self.appendDay(0)
    }

    /// Runs every tick up to and including the last one not after `time`.
    package mutating func advance(to time: Int) {
        while self.lastTick + PlanParameters.tickSeconds <= time {
            self.runTick(self.lastTick + PlanParameters.tickSeconds)
        }
    }

    /// The first `rows` a list may show at `time`: a part of them while the plan is being reloaded.
    func visibleRows(of rows: Int, at time: Int) -> Int {
        guard let started = self.reloadStartedAt, self.parameters.reloadSeconds > 0 else { return rows }
        let elapsed = time - started
        guard elapsed < self.parameters.reloadSeconds else { return rows }
        return rows * max(0, elapsed) / self.parameters.reloadSeconds
    }

    /// Lists shrink and grow back as after the beginning of a plan day.
    package mutating func beginReload(at time: Int) {
        self.reloadStartedAt = time
    }

    /// The other node becomes master.
    package mutating func switchMaster() {
        self.master = self.master == 0 ? 2 : 0
    }
}

extension EntityID {
    /// The root folder has the same id in every installation.
    init?(wellKnownFolder path: String) {
        guard path == "/" else { return nil }
        self.init("742ba6a6-31aa-3051-b810-3ced4fc624b4")
    }
}
