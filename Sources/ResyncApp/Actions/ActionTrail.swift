import Auditing
import Authentication
import Concurrency
import InboundHTTP
import Logging
import TWS

/// Writes what people do into the audit trail: who, what, to what, from where, with which result.
struct ActionTrail: Sendable {
    let audit: AuditTrail
    let logger: Logger

    /// What an action on the scheduler is recorded with, twice: before and after.
    struct Action: Sendable {
        let id: String
        let name: String
        let target: AuditTarget
        let reason: String?
        let ticket: String?
        let actor: AuditActor
        let requestID: String
        let traceID: String?
    }

    /// The action as its intent will be recorded; nothing is written yet.
    func action(
        _ name: String,
        id: String,
        target: AuditTarget,
        reason: String?,
        ticket: String?,
        _ request: HTTPRequest
    ) throws -> Action {
        Action(
            id: id,
            name: name,
            target: target,
            reason: reason,
            ticket: ticket,
            actor: AuditActor(try request.user(), request),
            requestID: request.context.requestID,
            traceID: request.context.traceContext?.traceID
        )
    }

    /// Returns when the intent is durable; the action must not be carried out when it throws.
    func intend(_ action: Action, deadline: Deadline) async throws {
        try await self.record(action, phase: .intent, result: .allowed, detail: nil, deadline: deadline)
    }

    /// Records what came of an intended action.
    func conclude(_ action: Action, result: AuditResult, detail: String?, deadline: Deadline) async throws {
        try await self.record(action, phase: .outcome, result: result, detail: detail, deadline: deadline)
    }

    private func record(
        _ action: Action,
        phase: AuditPhase,
        result: AuditResult,
        detail: String?,
        deadline: Deadline
    ) async throws {
        var draft = AuditEventDraft(
            actor: action.actor,
            action: action.name,
            target: action.target,
            phase: phase,
            result: result
        )
        draft.reason = action.reason
        draft.ticket = action.ticket
        draft.detail = detail.map { .string($0) }
        draft.requestID = action.requestID
        draft.traceID = action.traceID
        draft.actionID = action.id
        _ = try await self.audit.record(draft, deadline: deadline)
    }

    /// What the trail knows of an action: its intent, and its outcome when there is one; nil for an id it does not know.
    func record(ofAction id: String, deadline: Deadline) async throws -> ActionRecord? {
        var filter = AuditFilter()
        filter.actionID = id
        let entries = try await self.audit.events(
            matching: filter,
            page: AuditPage(limit: 10, newestFirst: false),
            deadline: deadline
        )
        guard let intent = entries.first(where: { $0.event.phase == .intent })?.event else { return nil }
        let outcome = entries.last { $0.event.phase == .outcome }?.event
        return ActionRecord(
            id: id,
            action: intent.action,
            actor: intent.actor.id,
            targetType: intent.target.type,
            targetID: intent.target.id,
            targetName: intent.target.name,
            engine: intent.target.engine ?? "default",
            requestedAt: intent.time,
            status: outcome.map { .init($0.result) } ?? .unknown,
            detail: outcome?.detail?.value.string,
            completedAt: outcome?.time
        )
    }

    /// Records something that has happened inside this server and needs no intent.
    ///
    /// A failure is logged: what has been done cannot be refused any more.
    func event(
        _ name: String,
        target: AuditTarget,
        result: AuditResult = .succeeded,
        detail: String? = nil,
        _ request: HTTPRequest,
        actor: AuditActor? = nil
    ) async {
        do {
            var draft = AuditEventDraft(
                actor: try actor ?? AuditActor(try request.user(), request),
                action: name,
                target: target,
                phase: .event,
                result: result
            )
            draft.detail = detail.map { .string($0) }
            draft.requestID = request.context.requestID
            draft.traceID = request.context.traceContext?.traceID
            _ = try await self.audit.record(draft, deadline: request.context.deadline)
        } catch {
            self.logger.error(
                "an event could not be audited",
                metadata: [
                    "audit.action": "\(name)", "error": "\(error)", "request.id": "\(request.context.requestID)",
                ]
            )
        }
    }

    /// Records an intent, does it, and records the outcome: for changes to this server itself.
    func around(
        _ name: String,
        target: AuditTarget,
        _ request: HTTPRequest,
        _ body: () async throws -> Void
    ) async throws {
        let action = try self.action(name, id: ActionID.make(), target: target, reason: nil, ticket: nil, request)
        try await self.intend(action, deadline: request.context.deadline)
        do {
            try await body()
        } catch {
            try await self.conclude(action, result: .failed, detail: "\(error)", deadline: .after(.seconds(5)))
            throw error
        }
        try await self.conclude(action, result: .succeeded, detail: nil, deadline: .after(.seconds(5)))
    }

    func session(_ name: String, of user: AuthenticatedUser, _ request: HTTPRequest) async {
        await self.event(name, target: .user(user.name), request, actor: AuditActor(user, request))
    }

    /// A refresh token that was used twice: one of its users is a thief, and its session has been revoked.
    func reusedToken(_ error: AuthenticationError, _ request: HTTPRequest) async {
        let actor = AuditActor(type: "anonymous", id: "anonymous", address: request.context.remoteAddress)
        await self.event(
            "auth.refresh",
            target: .user("unknown"),
            result: .denied,
            detail: error.message,
            request,
            actor: actor
        )
    }

    /// A login that was refused; the reason is for the trail alone, the client learns less.
    func refusedLogin(of name: String, _ error: AuthenticationError, _ request: HTTPRequest) async {
        let actor = AuditActor(type: "user", id: name, roles: [], address: request.context.remoteAddress)
        await self.event(
            "auth.login",
            target: .user(name),
            result: .denied,
            detail: error.message,
            request,
            actor: actor
        )
    }
}

extension AuditActor {
    init(_ user: AuthenticatedUser, _ request: HTTPRequest) {
        self.init(type: "user", id: user.name, roles: user.roles.names, address: request.context.remoteAddress)
    }
}

extension AuditTarget {
    static func user(_ name: String) -> Self { Self(type: "user", id: name, name: name, engine: nil) }
    static func pool(_ name: String) -> Self { Self(type: "pool", id: name, name: name, engine: nil) }
    static func connection(_ id: String) -> Self { Self(type: "connection", id: id, name: nil, engine: nil) }
    static let log = Self(type: "audit-log", id: "audit")
    static func route(_ template: String) -> Self { Self(type: "route", id: template, name: nil, engine: nil) }
    static func job(_ job: PlanJob, engine: String) -> Self {
        Self(type: "job", id: EngineID.external(job.id, engine: engine), name: job.name, engine: engine)
    }
    static func jobStream(_ stream: PlanJobStream, engine: String) -> Self {
        Self(type: "jobstream", id: EngineID.external(stream.id, engine: engine), name: stream.name, engine: engine)
    }
    static func workstation(_ workstation: PlanWorkstation, engine: String) -> Self {
        let id = EngineID.external(workstation.id, engine: engine)
        return Self(type: "workstation", id: id, name: workstation.name, engine: engine)
    }
    static func prompt(_ id: String, engine: String) -> Self {
        Self(type: "prompt", id: EngineID.external(id, engine: engine), name: nil, engine: engine)
    }
}
