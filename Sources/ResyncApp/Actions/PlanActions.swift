import Auditing
import Concurrency
import Foundation
import InboundHTTP
import JSON
import Logging
import TWS
import WebSockets

/// Carries out actions on the scheduler: intent into the audit trail, the call, the outcome into the audit trail.
///
/// An action that has begun is finished also when its client goes away, so that no intent stays without its outcome.
struct PlanActions: Sendable {
    let trail: ActionTrail
    let recent: RecentActions
    let keys: IdempotencyKeys
    let live: ConnectionManager
    let logger: Logger

    /// What a client has to say about why.
    struct Justification: Sendable {
        let reason: String
        let ticket: String?
    }

    /// One action on one object.
    struct Order: Sendable {
        let name: String
        let target: AuditTarget
        let engine: Engine
        let justification: Justification
        /// What the scheduler is asked for.
        let action: TWSAction
        /// What to do once it is accepted: have the mirror look at what has been changed.
        let accepted: @Sendable (TWSReceipt) -> Void
    }

    /// The request failed, but the scheduler may have acted: sending it again must not act again.
    private struct Unconfirmed: Error {
        let cause: any Error
    }

    /// The answer to an action request; `body` is what the client sent, for its idempotency key.
    func answer(_ order: Order, body: [UInt8], _ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            guard let key = request.headers.first(name: "idempotency-key") else {
                return .json(try await self.perform(order, request))
            }
            return .json(try await self.performOnce(order, key, body: body, request))
        } catch let error as Unconfirmed {
            throw error.cause
        }
    }

    private func performOnce(
        _ order: Order,
        _ key: String,
        body: [UInt8],
        _ request: HTTPRequest
    ) async throws -> [UInt8] {
        let user = try request.user().name
        let identity = Array("\(order.name) \(order.target.id) ".utf8) + body
        if case .finished(let outcome) = try self.keys.claim(key, user: user, request: identity) {
            return try outcome.get()
        }
        do {
            let bytes = try await self.perform(order, request)
            self.keys.finish(key, user: user, outcome: .success(bytes))
            return bytes
        } catch let error as Unconfirmed {
            self.keys.finish(key, user: user, outcome: .failure(error.cause))
            throw error
        } catch {
            self.keys.abandon(key, user: user)
            throw error
        }
    }

    private func perform(_ order: Order, _ request: HTTPRequest) async throws -> [UInt8] {
        let action = try self.trail.action(
            order.name,
            id: ActionID.make(),
            target: order.target,
            reason: order.justification.reason,
            ticket: order.justification.ticket,
            request
        )
        let (deadline, requestID) = (request.context.deadline, request.context.requestID)
        // Awaited right here, but not cancelled with the request: an intent must get its outcome.
        let record = try await Task {
            try await self.carryOut(order, action, deadline: deadline, requestID: requestID)
        }.value
        var json = JSONWriter()
        json.write(record)
        return json.bytes
    }

    private func carryOut(
        _ order: Order,
        _ action: ActionTrail.Action,
        deadline: Deadline,
        requestID: String
    ) async throws -> ActionRecord {
        var record = ActionRecord(
            id: action.id,
            action: action.name,
            actor: action.actor.id,
            targetType: action.target.type,
            targetID: action.target.id,
            targetName: action.target.name,
            engine: order.engine.name,
            requestedAt: EngineClock.systemMilliseconds(),
            status: .pending
        )
        try await self.trail.intend(action, deadline: deadline)
        self.recent.put(record)
        let justification = TWSJustification(
            description: order.justification.reason,
            ticket: order.justification.ticket
        )
        var failure: (any Error)?
        do {
            let receipt = try await order.engine.client.perform(
                order.action,
                justification: justification,
                deadline: deadline,
                requestID: requestID
            )
            record.status = .accepted
            order.accepted(receipt)
        } catch {
            let mayHaveBeenExecuted = (error as? TWSError)?.mayHaveBeenExecuted ?? true
            record.status = mayHaveBeenExecuted ? .unknown : .failed
            record.detail = "\(error)"
            failure = error
        }
        record.completedAt = EngineClock.systemMilliseconds()
        self.recent.put(record)
        self.announce(record)
        do {
            try await self.conclude(action, record)
        } catch {
            if record.status != .failed { throw Unconfirmed(cause: Self.unrecorded(record, error)) }
            throw failure ?? error
        }
        guard let failure else { return record }
        if record.status == .unknown { throw Unconfirmed(cause: failure) }
        throw failure
    }

    /// What the client of an action hears whose outcome is missing in the audit trail.
    private static func unrecorded(_ record: ActionRecord, _ error: any Error) -> HTTPProblem {
        let fate =
            record.status == .accepted ? "The scheduler has accepted it" : "The scheduler may have carried it out"
        return HTTPProblem(
            .serviceUnavailable,
            code: "audit-unavailable",
            detail: "Action \(record.id): \(fate), but the outcome could not be recorded: \(error)"
        )
    }

    private func conclude(_ action: ActionTrail.Action, _ record: ActionRecord) async throws {
        let result: AuditResult =
            switch record.status {
            case .accepted: .succeeded
            case .failed: .failed
            case .unknown, .pending: .unknown
            }
        do {
            // A time of its own: the request's may be used up by the scheduler.
            let deadline = Deadline.after(.seconds(10))
            try await self.trail.conclude(action, result: result, detail: record.detail, deadline: deadline)
        } catch {
            self.logger.error(
                "an outcome could not be audited",
                metadata: ["action.id": "\(record.id)", "action.status": "\(record.status)", "error": "\(error)"]
            )
            throw error
        }
    }

    private func announce(_ record: ActionRecord) {
        var json = JSONWriter()
        json.write(record)
        self.live.publish(
            topic: LiveTopics.topic(LiveTopics.action(id: record.id), engine: record.engine),
            data: json.bytes
        )
    }
}
