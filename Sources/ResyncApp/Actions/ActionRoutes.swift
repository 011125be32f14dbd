import Auditing
import Concurrency
import InboundHTTP
import JSON
import NIOCore
import TWS

/// The routes by which operators act on the plan.
struct ActionRoutes: Sendable {
    let engines: Engines
    let actions: PlanActions

    private static let longestReason = 1000

    func register(in router: inout Router) {
        for action in JobAction.allCases {
            self.add(
                "/api/v1/plan/jobs/{id}/actions/\(action.rawValue)",
                id: "job-\(action.rawValue)",
                "\(action.rawValue) a job.",
                parameters: [JobRoutes.id],
                in: &router
            ) { try await self.act(action, $0) }
        }
        for verb in ["cancel", "submit"] {
            self.add(
                "/api/v1/plan/jobstreams/{id}/actions/\(verb)",
                id: "jobstream-\(verb)",
                verb == "cancel" ? "Cancel a job stream." : "Submit the job stream's definition again.",
                parameters: [JobStreamRoutes.id],
                in: &router
            ) { try await self.actOnStream(verb, $0) }
        }
        for verb in ["start", "stop", "set-limit"] {
            self.add(
                "/api/v1/plan/workstations/{id}/actions/\(verb)",
                id: "workstation-\(verb)",
                "\(verb) a workstation.",
                parameters: [WorkstationRoutes.id],
                in: &router
            ) { try await self.actOnWorkstation(verb, $0) }
        }
        self.add(
            "/api/v1/plan/prompts/{id}/reply",
            id: "prompt-reply",
            "Answer a prompt.",
            body: "PromptReply",
            parameters: [.init("id", in: .path, "Id of the prompt.")],
            in: &router
        ) { try await self.reply($0) }
        router.add(
            .GET,
            "/api/v1/plan/actions/{actionId}",
            access: .role("viewer"),
            .init(
                id: "getAction",
                summary: "What has become of an action.",
                tag: "actions",
                parameters: [.init("actionId", in: .path, "Id of the action.")],
                responses: [.ok("The action", "ActionResult")]
            ),
            handler: self.action
        )
    }

    private func add(
        _ path: String,
        id: String,
        _ summary: String,
        body: String = "ActionRequest",
        parameters: [OperationDescription.Parameter],
        in router: inout Router,
        handler: @escaping RouteHandler
    ) {
        router.add(
            .POST,
            path,
            access: .role("operator"),
            .init(
                id: id,
                summary: summary,
                tag: "actions",
                parameters: parameters + [.init("Idempotency-Key", in: .header, "Sending it twice acts once.")],
                requestBody: .init(schema: Schema.ref(body)),
                responses: [.ok("The scheduler has accepted the call", "ActionResult")]
            ),
            handler: handler
        )
    }

    @Sendable private func action(_ request: HTTPRequest) async throws -> HTTPResponse {
        let id = try request.parameters.require("actionId")
        if let record = self.actions.recent[id] { return .json { $0.write(record) } }
        guard let record = try await self.actions.trail.record(ofAction: id, deadline: request.context.deadline) else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "There is no action \(id).")
        }
        return .json { $0.write(record) }
    }

    /// The parts of an action request's body, and the body itself for its idempotency key.
    private struct Body {
        let justification: PlanActions.Justification
        let parameters: ActionParameters
        let bytes: [UInt8]
    }

    private func body(_ request: HTTPRequest) async throws -> (Body, RequestObject) {
        let object = try await RequestObject(request)
        let reason = try object.string("reason", upTo: Self.longestReason)
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw RequestObject.violation("reason", "expected a reason, not blanks alone")
        }
        let justification = PlanActions.Justification(
            reason: reason,
            ticket: try object.optionalString("ticket", upTo: 100)
        )
        let parameters = ActionParameters(object.take("parameters"))
        return (Body(justification: justification, parameters: parameters, bytes: object.bytes), object)
    }

    // MARK: - Jobs

    private func act(_ action: JobAction, _ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let (body, object) = try await self.body(request)
        try object.finish()
        let job = try await self.job(id, engine, request)
        let scheduled = try Self.order(action, job, body.parameters)
        try body.parameters.finish()
        let order = PlanActions.Order(
            name: "job.\(action.rawValue)",
            target: .job(job, engine: engine.name),
            engine: engine,
            justification: body.justification,
            action: scheduled,
            accepted: { _ in engine.mirror.follow(jobID: id) }
        )
        return try await self.actions.answer(order, body: body.bytes, request)
    }

    /// From the mirror; a job it does not have yet is looked for in the scheduler.
    private func job(_ id: String, _ engine: Engine, _ request: HTTPRequest) async throws -> PlanJob {
        if let job = engine.mirror.snapshot.jobs[id] { return job }
        return try await engine.client.job(
            id: id,
            deadline: request.context.deadline,
            requestID: request.context.requestID
        ).job
    }

    private static func order(_ action: JobAction, _ job: PlanJob, _ parameters: ActionParameters) throws -> TWSAction {
        switch action {
        case .rerun:
            guard let runID = job.runID else {
                throw HTTPProblem(.conflict, code: "conflict", detail: "The job \(job.name) has no run to repeat.")
            }
            var options = TWSRerunOptions()
            options.priority = try parameters.int("priority", in: 0...101)
            options.startAt = try parameters.time("startAt")
            options.stepName = try parameters.text("stepName")
            return .rerun(run: runID, options)
        case .setPriority:
            guard let priority = try parameters.int("priority", in: 0...101) else {
                throw RequestObject.violation("parameters/priority", "expected a whole number from 0 to 101")
            }
            return .job(id: job.id, .setPriority(priority))
        case .cancel: return .job(id: job.id, .cancel)
        case .kill: return .job(id: job.id, .kill)
        case .hold: return .job(id: job.id, .hold)
        case .release: return .job(id: job.id, .release)
        case .confirmSuccessful: return .job(id: job.id, .confirmSuccessful)
        case .confirmAbended: return .job(id: job.id, .confirmAbended)
        case .releaseDependencies: return .job(id: job.id, .releaseDependencies)
        }
    }

    // MARK: - Job streams, workstations, prompts

    private func actOnStream(_ verb: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let (body, object) = try await self.body(request)
        try object.finish()
        guard let stream = try PlanView([engine]).parts.first?.snapshot.streams[id] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The plan has no job stream \(id).")
        }
        let action: TWSAction
        if verb == "cancel" {
            action = .cancelStream(id: id)
        } else {
            guard let modelID = stream.modelID else {
                let detail = "The scheduler does not say which definition \(stream.name) comes from."
                throw HTTPProblem(.conflict, code: "conflict", detail: detail)
            }
            var options = TWSSubmitOptions()
            options.inputArrival = try body.parameters.time("inputArrivalAt")
            options.alias = try body.parameters.text("alias")
            options.priority = try body.parameters.int("priority", in: 0...101)
            options.parameters = try body.parameters.texts("variables")
            action = .submitStream(modelID: modelID, options)
        }
        try body.parameters.finish()
        let jobs = engine.mirror.snapshot.jobs.inStream(stream.name).filter { $0.streamID == id && !$0.isFinal }
        let order = PlanActions.Order(
            name: "jobstream.\(verb)",
            target: .jobStream(stream, engine: engine.name),
            engine: engine,
            justification: body.justification,
            action: action,
            accepted: { _ in for job in jobs.prefix(100) { engine.mirror.follow(jobID: job.id) } }
        )
        return try await self.actions.answer(order, body: body.bytes, request)
    }

    private func actOnWorkstation(_ verb: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let (body, object) = try await self.body(request)
        try object.finish()
        guard let workstation = try PlanView([engine]).parts.first?.snapshot.workstations[id] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The plan has no workstation \(id).")
        }
        let action: TWSWorkstationAction
        switch verb {
        case "start": action = .start
        case "stop": action = .stop
        default:
            guard let limit = try body.parameters.int("limit", in: 0...1024) else {
                throw RequestObject.violation("parameters/limit", "expected a whole number from 0 to 1024")
            }
            action = .setLimit(limit)
        }
        try body.parameters.finish()
        let order = PlanActions.Order(
            name: "workstation.\(verb)",
            target: .workstation(workstation, engine: engine.name),
            engine: engine,
            justification: body.justification,
            action: .workstation(id: id, action),
            accepted: { _ in }
        )
        return try await self.actions.answer(order, body: body.bytes, request)
    }

    private func reply(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let (body, object) = try await self.body(request)
        guard let yes = try object.optionalBool("answer") else {
            throw RequestObject.violation("answer", "expected true or false")
        }
        try object.finish()
        try body.parameters.finish()
        let order = PlanActions.Order(
            name: "prompt.reply",
            target: .prompt(id, engine: engine.name),
            engine: engine,
            justification: body.justification,
            action: .replyToPrompt(id: id, yes: yes),
            accepted: { _ in }
        )
        return try await self.actions.answer(order, body: body.bytes, request)
    }
}
