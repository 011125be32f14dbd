import Collections
import JSON

/// Everything that changes while the simulator runs: engines, virtual time, faults, credentials, requests.
///
/// Decides, does nothing; real time is passed in, in seconds since the start of the simulator.
struct SimulatorStateMachine: Sendable {
    private(set) var configuration: SimulatorConfiguration
    private(set) var engine: PlanEngine
    /// The engine reads are answered from when they lag behind; nil when they do not.
    private var mirror: PlanEngine?
    private(set) var clock: VirtualClock
    private(set) var faults: FaultPlan
    private(set) var failover: Failover?
    /// Rules whose effect is an event and not a property of a request, and that have happened.
    private var happened: Set<String> = []
    private var credentials: Credentials
    private(set) var records: Deque<RequestRecord> = []
    private(set) var requests = 0
    private(set) var inFlight = 0
    private var jobLogsInFlight = 0
    private var jobLogsStuck = false

    /// The last requests that are kept for the admin surface.
    private static let keptRecords = 1000

    init(configuration: SimulatorConfiguration, real: Double) {
        self.configuration = configuration
        self.engine = PlanEngine(parameters: configuration.plan)
        self.clock = VirtualClock(virtual: Double(configuration.startVirtual), real: real, speed: configuration.speed)
        self.faults = FaultPlan(rules: configuration.faults, seed: configuration.plan.seed)
        self.credentials = Credentials(configuration)
        self.catchUp(real)
    }

    /// Virtual time in whole seconds.
    func now(_ real: Double) -> Int { Int(self.clock.now(real)) }

    // MARK: Time

    /// Lets the plan move to the present.
    mutating func catchUp(_ real: Double) {
        let now = self.now(real)
        let lag = self.readLag(now, real)
        if lag == .none {
            self.mirror = nil
        } else if self.mirror == nil {
            self.mirror = self.engine
        }
        self.engine.advance(to: now)
        if case .seconds(let seconds) = lag { self.mirror?.advance(to: now - seconds) }
        self.happen(now, real)
    }

    /// How far reads are behind.
    private enum ReadLag: Equatable {
        case none
        case seconds(Int)
        case standstill
    }

    private func readLag(_ now: Int, _ real: Double) -> ReadLag {
        for rule in self.faults.rules where rule.match.isInForce(virtual: now, real: real) {
            if case .stale(let lag) = rule.effect { return lag.map { $0 == 0 ? .none : .seconds($0) } ?? .standstill }
        }
        return self.configuration.mirrorLagSeconds == 0 ? .none : .seconds(self.configuration.mirrorLagSeconds)
    }

    /// Lets the faults happen that are events.
    private mutating func happen(_ now: Int, _ real: Double) {
        for rule in self.faults.rules where rule.match.isInForce(virtual: now, real: real) {
            switch rule.effect {
            case .reload where self.happened.insert(rule.id).inserted:
                self.engine.beginReload(at: now)
                self.mirror?.beginReload(at: now)
            case .failover(let seconds, let proxyMilliseconds) where self.happened.insert(rule.id).inserted:
                self.failover = Failover(
                    downNode: self.masterNode,
                    ends: now + seconds,
                    proxyMilliseconds: proxyMilliseconds
                )
            default: break
            }
        }
        guard let failover, !failover.isOver, now >= failover.ends else { return }
        self.failover?.isOver = true
        self.engine.switchMaster()
        self.mirror?.switchMaster()
    }

    var masterNode: Int { self.engine.master == 0 ? 0 : 1 }

    /// The node whose port refuses connections.
    var downNode: Int? { self.failover?.downNode }

    mutating func setSpeed(_ speed: Double, real: Double) {
        self.clock.setSpeed(speed, real: real)
        self.catchUp(real)
    }

    mutating func advance(to virtual: Double, real: Double) {
        self.clock.advance(to: virtual, real: real)
        self.catchUp(real)
    }

    /// Begins again, with another seed or configuration if `body` has them as `seed` and `config`.
    mutating func reset(_ body: JSONValue, real: Double) throws(ConfigurationError) {
        var configuration = self.configuration
        var reader = try ConfigurationReader(body, at: "")
        if let config = reader.value("config") { try configuration.apply(config) }
        if let seed = try reader.int("seed", in: 0...Int.max) { configuration.plan.seed = UInt64(seed) }
        try reader.finish()
        let counts = (self.requests, self.inFlight, self.jobLogsInFlight)
        self = SimulatorStateMachine(configuration: configuration, real: real)
        (self.requests, self.inFlight, self.jobLogsInFlight) = counts
    }

    // MARK: Faults

    mutating func setFaults(_ rules: [FaultRule], real: Double) {
        self.faults.replace(with: rules)
        let ids = Set(rules.map(\.id))
        self.happened.formIntersection(ids)
        if !rules.contains(where: { $0.effect.category == .failover }) { self.failover = nil }
        if !rules.contains(where: { $0.effect.category == .expire }) { self.credentials.forgetExpiry() }
        if !rules.contains(where: { $0.effect.category == .jobLogPool }) { self.jobLogsStuck = false }
        self.catchUp(real)
    }

    /// Job logs that hang are answered again.
    mutating func freeJobLogs() {
        self.jobLogsStuck = false
    }

    // MARK: Requests

    /// Faults of a new connection to a node.
    mutating func connectionFaults(node: Int, real: Double) -> ActiveFaults {
        self.faults.effects(
            on: FaultMatch.Occasion(node: Self.nodeName(node), virtualTime: self.now(real), realTime: real)
        )
    }

    /// Takes a request in: who it is from, what goes wrong with it, what it may see.
    mutating func admit(_ request: SimulatorRequest, isJobLog: Bool, real: Double) -> Admission {
        self.catchUp(real)
        self.requests += 1
        let now = self.now(real)
        let claimed = self.credentials.claimedUser(request)
        let faults = self.faults.effects(
            on: FaultMatch.Occasion(
                node: Self.nodeName(request.node),
                method: request.method,
                path: request.path,
                user: claimed,
                virtualTime: now,
                realTime: real
            )
        )
        if faults[.expire] != nil { self.credentials.expire() }
        var login = self.credentials.login(request, now: now)
        if case .revokeUser(let user) = faults[.revoke], user == login?.user { login = nil }

        var admission = Admission(
            number: self.requests,
            isJobLog: isJobLog,
            startedAt: real,
            user: login?.user,
            cookie: login?.newCookie,
            faults: faults,
            view: self.view(now),
            actionTime: now
        )
        self.inFlight += 1
        if isJobLog { self.jobLogsInFlight += 1 }
        if case .jobLogPool(let size) = faults[.jobLogPool], isJobLog, self.jobLogsInFlight > size {
            self.jobLogsStuck = true
        }
        admission.jobLogsStuck = self.jobLogsStuck
        if case .concurrency(let most) = faults[.concurrency], self.inFlight > most { admission.isTooMany = true }
        if let failover, request.node != failover.downNode, !failover.isOver {
            admission.proxyMilliseconds = failover.proxyMilliseconds
            admission.isWithoutMaster = true
        }
        return admission
    }

    /// Notes that a request has been answered, or never will be.
    mutating func finish(_ record: RequestRecord, isJobLog: Bool) {
        self.inFlight -= 1
        if isJobLog { self.jobLogsInFlight -= 1 }
        self.records.append(record)
        if self.records.count > Self.keptRecords { self.records.removeFirst() }
    }

    /// The plan as reads see it now.
    mutating func view(real: Double) -> PlanView {
        self.catchUp(real)
        return self.view(self.now(real))
    }

    private func view(_ now: Int) -> PlanView {
        guard let mirror else { return PlanView(engine: self.engine, now: now, knobs: self.configuration.knobs) }
        // Between two ticks the mirrored plan does not move, and neither does the time it tells.
        return PlanView(engine: mirror, now: max(0, mirror.lastTick), knobs: self.configuration.knobs)
    }

    mutating func perform(_ action: OperatorAction, at now: Int) throws(ActionRefusal) -> EntityID {
        let accepted = try self.engine.accept(action, at: now)
        self.mirror?.enqueue(accepted.action, at: now)
        return accepted.object
    }

    static func nodeName(_ node: Int) -> String { node == 0 ? "MDM1" : "BKM1" }
}

/// The master is away.
struct Failover: Sendable {
    let downNode: Int
    /// Virtual time at which the other node takes over.
    let ends: Int
    let proxyMilliseconds: Int
    var isOver = false
}

/// A request that has been taken in.
struct Admission: Sendable {
    /// Counts all requests, from 1.
    let number: Int
    let isJobLog: Bool
    let startedAt: Double
    let user: String?
    let cookie: String?
    let faults: ActiveFaults
    let view: PlanView
    let actionTime: Int
    var jobLogsStuck = false
    var isTooMany = false
    var isWithoutMaster = false
    var proxyMilliseconds = 0
}

/// What the admin surface tells of a request.
struct RequestRecord: Sendable {
    let method: String
    let target: String
    let status: Int
    let milliseconds: Double
    let user: String?
    let fault: String?
}

extension FaultMatch {
    /// Whether the rule's windows are open; all that matters to a fault that is an event.
    func isInForce(virtual: Int, real: Double) -> Bool {
        (self.virtualWindow?.contains(virtual) ?? true) && (self.realWindow?.contains(real) ?? true)
    }
}
