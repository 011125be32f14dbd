import Collections
import JSON

/// Everything that changes while the simulator runs: engines, virtual time, faults, credentials, requests.
///
/// Decides, does nothing; real time is passed in, in seconds since the start of the simulator.
struct SimulatorStateMachine: Sendable {
    private(set) var configuration: SimulatorConfiguration
    private(set) var engine: PlanEngine
    /// Virtual time up to which the plan has moved.
    private var time = 0
    /// The engine reads are answered from when they lag behind; nil when they do not.
    private var mirror: PlanEngine?
    /// The virtual time the mirror shows.
    private var mirrorTime = 0
    private(set) var clock: VirtualClock
    private(set) var faults: FaultPlan
    private(set) var failover: Failover?
    /// Rules whose effect is an event and not a property of a request, and that have happened.
    private var happened: Set<String> = []
    private var credentials: Credentials
    private(set) var records: Deque<RequestRecord> = []
    private(set) var requests = 0
    /// Numbers of the requests under way, in the order they came.
    private var underWay: [Int] = []
    private var jobLogsInFlight = 0
    private var jobLogsStuck = false
    private(set) var webhooks = WebhookOutbox()
    /// What is still to be carried out of an action log.
    private var replayed: Deque<RecordedRequest>
    private var record: ActionRecord

    /// The last requests that are kept for the admin surface.
    private static let keptRecords = 1000

    /// Goes on from `plan`; without it the first plan day is drawn.
    init(configuration: SimulatorConfiguration, plan: PlanEngine? = nil, real: Double) {
        self.configuration = configuration
        self.engine = plan ?? PlanEngine(parameters: configuration.plan)
        self.clock = VirtualClock(virtual: Double(configuration.startVirtual), real: real, speed: configuration.speed)
        self.faults = FaultPlan(rules: configuration.faults, seed: configuration.plan.seed)
        self.credentials = Credentials(configuration)
        self.replayed = Deque(configuration.replay)
        self.record = ActionRecord(beginsAgain: true, entries: [])
        self.catchUp(real)
    }

    /// Virtual time in whole seconds.
    func now(_ real: Double) -> Int { Int(self.clock.now(real)) }

    // MARK: Time

    /// Lets the plan move to the present, with what is to be replayed on the way.
    mutating func catchUp(_ real: Double) {
        let now = self.now(real)
        while let next = self.replayed.first, next.virtualSeconds <= now {
            self.replayed.removeFirst()
            self.move(to: next.virtualSeconds, real)
            self.replay(next)
        }
        self.move(to: now, real)
        self.announce()
    }

    private mutating func move(to now: Int, _ real: Double) {
        self.time = max(self.time, now)
        let lag = self.readLag(now, real)
        if lag == .none {
            self.mirror = nil
        } else if self.mirror == nil {
            self.mirror = self.engine
            self.mirror?.endWatch()
            self.mirrorTime = max(0, self.engine.lastTick)
        }
        self.engine.advance(to: now)
        if case .seconds(let seconds) = lag {
            self.mirror?.advance(to: now - seconds)
            self.mirrorTime = max(self.mirrorTime, now - seconds)
        }
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
        configuration.plan.seed = try reader.unsigned("seed") ?? configuration.plan.seed
        try reader.finish()
        let (counts, webhooks) = ((self.requests, self.underWay, self.jobLogsInFlight), self.webhooks)
        self = SimulatorStateMachine(configuration: configuration, real: real)
        (self.requests, self.underWay, self.jobLogsInFlight) = counts
        self.webhooks = webhooks
        if !webhooks.isEmpty { self.engine.beginWatch() }
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
            on: FaultMatch.Occasion(node: self.nodeName(node), virtualTime: self.now(real), realTime: real)
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
                node: self.nodeName(request.node),
                method: request.method,
                path: request.path,
                user: claimed,
                virtualTime: now,
                realTime: real
            )
        )
        if faults[.expire] != nil { self.credentials.expire() }
        var skew = 0
        if case .clockSkew(let seconds) = faults[.skew] { skew = seconds }
        var login = self.credentials.login(request, now: now + skew)
        if case .revokeUser(let user) = faults[.revoke], user == login?.user { login = nil }

        var admission = Admission(
            number: self.requests,
            isJobLog: isJobLog,
            startedAt: real,
            user: login?.user,
            cookie: login?.newCookie,
            faults: faults,
            view: self.view(now),
            time: now
        )
        self.underWay.append(admission.number)
        if isJobLog { self.jobLogsInFlight += 1 }
        if case .jobLogPool(let size) = faults[.jobLogPool], isJobLog, self.jobLogsInFlight > size {
            self.jobLogsStuck = true
        }
        admission.jobLogsStuck = self.jobLogsStuck
        if case .concurrency(let fault) = faults[.concurrency], fault.overflow == .reject {
            admission.isTooMany = self.underWay.count > fault.maxInFlight
        }
        if let failover, request.node != failover.downNode, !failover.isOver {
            admission.proxyMilliseconds = failover.proxyMilliseconds
            admission.isWithoutMaster = true
        }
        return admission
    }

    var inFlight: Int { self.underWay.count }

    /// Whether a request has not to wait for earlier ones; once the fault has gone, none has to.
    func mayProceed(_ admission: Admission) -> Bool {
        guard case .concurrency(let fault) = admission.faults[.concurrency], fault.overflow == .queue,
            self.faults.rules.contains(where: { $0.effect.category == .concurrency })
        else { return true }
        return self.underWay.prefix(fault.maxInFlight).contains(admission.number)
    }

    /// Notes that a request has been answered, or never will be.
    mutating func finish(_ record: RequestRecord, _ admission: Admission) {
        self.underWay.removeAll { $0 == admission.number }
        if admission.isJobLog { self.jobLogsInFlight -= 1 }
        self.records.append(record)
        if self.records.count > Self.keptRecords { self.records.removeFirst() }
    }

    /// The plan as reads see it now.
    mutating func view(real: Double) -> PlanView {
        self.catchUp(real)
        return self.view(self.now(real))
    }

    func view(_ now: Int) -> PlanView {
        guard let mirror else { return PlanView(engine: self.engine, now: now, knobs: self.configuration.knobs) }
        return PlanView(engine: mirror, now: self.mirrorTime, knobs: self.configuration.knobs)
    }

    // MARK: Actions

    /// Gives an action to the plan, which is as it was when time was last caught up with, and records the request it came
    /// from; nil for one that is recorded already.
    mutating func perform(
        _ action: OperatorAction,
        for request: SimulatorRequest?
    ) throws(ActionRefusal) -> EntityID {
        let accepted = try self.engine.accept(action, at: self.time)
        self.mirror?.enqueue(accepted.action, at: self.time)
        if self.configuration.recordFile != nil, let request {
            self.record.entries.append(RecordedRequest(request, at: self.time))
        }
        return accepted.object
    }

    /// Sets the status of a job's last run whatever the scheduler thinks of it.
    mutating func force(job: String, _ force: ForcedStatus) throws(ActionRefusal) {
        guard let id = self.view(self.time).jobEntity(id: job) else { throw .notFound("jb", job) }
        let request = SimulatorRequest(
            node: 0,
            method: "POST",
            target: "/sim/job/\(percentEncoded(job))/force",
            headers: [],
            body: force.json
        )
        _ = try self.perform(.force(job: id, status: force.status, returnCode: force.returnCode), for: request)
        self.announce()
    }

    var hasRecord: Bool {
        self.configuration.recordFile != nil && (self.record.beginsAgain || !self.record.entries.isEmpty)
    }

    /// What has been recorded since the last time; nil when nothing was.
    mutating func takeRecord() -> ActionRecord? {
        guard self.hasRecord else { return nil }
        defer { self.record = ActionRecord(beginsAgain: false, entries: []) }
        return self.record
    }

    // MARK: Webhooks

    /// Changes who is told of what; the plan is watched only while there is somebody.
    mutating func withWebhooks<Result>(_ body: (inout WebhookOutbox) -> Result) -> Result {
        let result = body(&self.webhooks)
        if self.webhooks.isEmpty {
            self.engine.endWatch()
        } else {
            self.engine.beginWatch()
        }
        return result
    }

    /// Puts what has happened to jobs into the queues of those who want to be told.
    private mutating func announce() {
        for event in self.engine.takeEvents() { self.announce(event) }
    }

    /// Tells everybody who wants to know of an event; returns how many those are.
    @discardableResult
    mutating func announce(_ event: JobEvent) -> Int {
        self.webhooks.add(event.kind, event.json(self.engine.parameters, self.configuration.knobs))
    }

    func nodeName(_ node: Int) -> String {
        node == 0 ? self.configuration.plan.masterName : self.configuration.plan.backupName
    }
}

extension FaultMatch {
    /// Whether the rule's windows are open; all that matters to a fault that is an event.
    func isInForce(virtual: Int, real: Double) -> Bool {
        (self.virtualWindow?.contains(virtual) ?? true) && (self.realWindow?.contains(real) ?? true)
    }
}
