import Concurrency
import JSON

/// Answers the product's requests from the simulated plan.
///
/// The lock protects decisions only: answers are rendered outside of it, from a copy of the plan.
final class Simulator: Responder {
    private let state: Locked<SimulatorStateMachine>
    private let started = ContinuousClock.now
    private let baseURLs: Locked<[String]>
    private let outlets = Locked(Outlets())

    /// Where what happens goes, besides the answers; nothing before the simulator is on its ports.
    private struct Outlets {
        var recorder: ActionRecorder?
        var webhooks: WebhookSender?
    }

    init(configuration: SimulatorConfiguration, plan: PlanEngine? = nil) {
        self.state = Locked(SimulatorStateMachine(configuration: configuration, plan: plan, real: 0))
        self.baseURLs = Locked(["", ""])
    }

    /// Seconds since the start.
    private var real: Double {
        let elapsed = self.started.duration(to: .now)
        return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    }

    /// Tells under which scheme, host and port a node can be reached, once it is bound.
    func setBaseURL(_ url: String, node: Int) {
        self.baseURLs.withLock { $0[node] = url }
    }

    func connect(recorder: ActionRecorder?, webhooks: WebhookSender) {
        self.outlets.withLock { $0 = Outlets(recorder: recorder, webhooks: webhooks) }
        self.withState { _, _ in }
    }

    /// Writes what is still to be recorded and lets the outlets go.
    func disconnect() async {
        self.withState { _, _ in }
        let recorder = self.outlets.withLock { outlets in
            defer { outlets = Outlets() }
            return outlets.recorder
        }
        await recorder?.flush()
    }

    /// Decides under the lock; what is to be recorded and told because of it goes out afterwards.
    func withState<Result: Sendable, Failure: Error>(
        _ body: (inout SimulatorStateMachine, _ real: Double) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let real = self.real
        let (result, hasRecord, hasDeliveries) = try self.state.withLock { state throws(Failure) in
            (try body(&state, real), state.hasRecord, state.webhooks.hasDeliveries)
        }
        if hasRecord {
            self.outlets.withLock { $0.recorder }?.append { self.state.withLock { $0.takeRecord() } }
        }
        if hasDeliveries { self.deliver() }
        return result
    }

    private func deliver() {
        guard let sender = self.outlets.withLock({ $0.webhooks }) else { return }
        for delivery in self.state.withLock({ $0.withWebhooks { $0.takeDeliveries() } }) {
            sender.send(delivery) { delivered in
                self.withState { state, _ in state.withWebhooks { $0.finish(delivery.webhook, delivered: delivered) } }
            }
        }
    }

    func connectionFaults(node: Int) -> ActiveFaults {
        self.withState { $0.connectionFaults(node: node, real: $1) }
    }

    func followedLines(_ followed: FollowedLog) -> (lines: [String], isComplete: Bool) {
        let view = self.withState { $0.view(real: $1) }
        guard let (place, run) = view.run(id: followed.run), let log = JobLog(view, job: place, run: run) else {
            return ([], true)
        }
        let lines = log.lines(contentOnly: followed.contentOnly)
        guard followed.fromLine <= followed.toLine else { return ([], log.isComplete) }
        let part = lines.dropFirst(followed.fromLine - 1).prefix(followed.toLine - followed.fromLine + 1)
        return (Array(part), log.isComplete || lines.count >= followed.toLine)
    }

    func finish(_ exchange: Exchange, request: SimulatorRequest) {
        guard let admission = exchange.admission else { return }
        self.withState { state, real in
            let record = RequestRecord(
                method: request.method,
                target: request.target,
                status: exchange.hangSeconds == nil ? exchange.reply.status : 0,
                milliseconds: (real - admission.startedAt) * 1000,
                user: admission.user,
                fault: admission.faults.firstRule
            )
            state.finish(record, admission)
        }
    }

    func mayProceed(_ exchange: Exchange) -> Bool {
        guard let admission = exchange.admission else { return true }
        return self.withState { state, _ in state.mayProceed(admission) }
    }

    func exchange(_ request: SimulatorRequest) -> Exchange {
        let match = request.segments.map { Operation.match(method: request.method, segments: $0) } ?? .unknownPath
        var isJobLog = false
        if case .operation(let operation, _) = match { isJobLog = operation.id == "getJobLog" }
        let (admission, configuration) = self.withState { state, real in
            (state.admit(request, isJobLog: isJobLog, real: real), state.configuration)
        }
        var exchange = Exchange(reply: SimulatorReply(status: 500), date: "", admission: admission)
        exchange.date = self.date(admission)
        exchange.reply = self.reply(to: request, match, admission, configuration)
        if let cookie = admission.cookie, exchange.reply.status < 400 {
            let attributes = configuration.plainHTTP ? "Path=/; HttpOnly" : "Path=/; Secure; HttpOnly"
            exchange.reply.headers.append(("Set-Cookie", "LtpaToken2=\(cookie); \(attributes)"))
        }
        self.disturb(&exchange, admission, seed: configuration.plan.seed)
        return exchange
    }

    private func date(_ admission: Admission) -> String {
        var seconds = admission.time
        if case .clockSkew(let skew) = admission.faults[.skew] { seconds += skew }
        return admission.view.engine.parameters.instant(seconds).httpText
    }

    /// Adds what goes wrong on the way.
    private func disturb(_ exchange: inout Exchange, _ admission: Admission, seed: UInt64) {
        let faults = admission.faults
        if case .latency(let latency) = faults[.latency] {
            exchange.delaySeconds = latency.seconds(seed: seed, number: admission.number, rows: exchange.reply.rows)
        }
        exchange.delaySeconds += Double(admission.proxyMilliseconds) / 1000
        if admission.isJobLog, admission.jobLogsStuck { exchange.hangSeconds = 600 }
        if case .hang(let seconds) = faults[.hang] { exchange.hangSeconds = seconds }
        if case .corrupt(let corruption) = faults[.corrupt] { corruption.apply(to: &exchange.reply) }
        if case .drop(let drop) = faults[.drop] { exchange.drop = drop }
        if case .truncate(let truncate) = faults[.truncate] { exchange.truncate = truncate }
        if case .slowBody(let slow) = faults[.slowBody] { exchange.slowBody = slow }
    }

    private func reply(
        to request: SimulatorRequest,
        _ match: Operation.Match,
        _ admission: Admission,
        _ configuration: SimulatorConfiguration
    ) -> SimulatorReply {
        if case .status(let status) = admission.faults[.status] { return status.reply }
        if admission.isTooMany { return .html(503, "<html><body>Error 503</body></html>") }
        guard request.segments?.first == "twsd" else { return Self.unknownPath }
        guard admission.user != nil else {
            let body = configuration.unauthorizedBody
            var reply = body == .empty ? .html(401, "") : OperationError.unauthorized.reply(body)
            reply.headers.append(("WWW-Authenticate", "Basic realm=\"defaultRealm\""))
            return reply
        }
        switch match {
        case .unknownPath: return Self.unknownPath
        case .wrongMethod(let allowed):
            var reply = SimulatorReply.html(405, "<html><body>Error 405</body></html>")
            reply.headers.append(("Allow", allowed.sorted().joined(separator: ", ")))
            return reply
        case .operation(let operation, let parameters):
            if admission.isWithoutMaster, operation.method != "GET" {
                return .messages(500, "AWSJCO005E The server cannot reach the master domain manager.")
            }
            if let refusal = self.contentProblem(request, operation, configuration) { return refusal }
            do {
                return try operation.answer(self.scope(request, parameters, admission, configuration))
            } catch {
                return error.reply(configuration.errorBody)
            }
        }
    }

    private static let unknownPath = SimulatorReply.html(404, "<html><body>Error 404</body></html>")

    private func contentProblem(
        _ request: SimulatorRequest,
        _ operation: Operation,
        _ configuration: SimulatorConfiguration
    ) -> SimulatorReply? {
        guard operation.method != "GET" else { return nil }
        let type = request.header("content-type")?.prefix { $0 != ";" }.lowercased()
        let isJSON = type?.filter { $0 != " " } == "application/json"
        let isNeeded = !request.body.isEmpty || (operation.needsContentType && configuration.strictContentType)
        guard isNeeded, !isJSON else { return nil }
        return .html(415, "<html><body>Error 415</body></html>")
    }

    private func scope(
        _ request: SimulatorRequest,
        _ parameters: [String],
        _ admission: Admission,
        _ configuration: SimulatorConfiguration
    ) -> OperationScope {
        var paging: FaultEffect.Paging?
        if case .paging(let fault) = admission.faults[.paging] { paging = fault }
        var bigLog: FaultEffect.BigLog?
        if case .bigLog(let fault) = admission.faults[.bigLog] { bigLog = fault }
        let bound = self.baseURLs.withLock { $0[request.node] }
        // A request is recorded once, however many actions it leads to.
        var recorded: SimulatorRequest? = request
        return OperationScope(
            request: request,
            query: request.query,
            parameters: parameters,
            view: admission.view,
            configuration: configuration,
            baseURL: configuration.pageURLHost ?? bound,
            paging: paging,
            bigLog: bigLog
        ) { (action) throws(ActionRefusal) in
            let object = try self.withState { (state, _) throws(ActionRefusal) in
                try state.perform(action, for: recorded)
            }
            recorded = nil
            return object
        }
    }
}
