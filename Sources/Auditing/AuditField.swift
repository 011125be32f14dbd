import Database

/// The facts of an event in the order in which they are hashed; the raw value is the column.
///
/// The order and the set are part of the log's format: a change needs a new version of the canonical form.
enum AuditField: String, CaseIterable, Sendable {
    case id
    case time
    case node
    case actorType = "actor_type"
    case actorID = "actor_id"
    case actorRoles = "actor_roles"
    case actorAddress = "actor_address"
    case action
    case targetType = "target_type"
    case targetID = "target_id"
    case targetName = "target_name"
    case targetEngine = "target_engine"
    case phase
    case result
    case reason
    case ticket
    case detail
    case requestID = "request_id"
    case traceID = "trace_id"
    case actionID = "action_id"
}

/// The value of one fact.
enum AuditFieldValue: Sendable, Hashable {
    case absent
    case integer(Int64)
    case text(String)

    init(_ text: String?) {
        self = text.map { .text($0) } ?? .absent
    }
}

extension AuditEvent {
    func value(of field: AuditField) -> AuditFieldValue {
        switch field {
        case .id: .text(self.id)
        case .time: .integer(self.time)
        case .node: .text(self.node)
        case .actorType: .text(self.actor.type)
        case .actorID: .text(self.actor.id)
        case .actorRoles: .text(self.actor.roles.joined(separator: ","))
        case .actorAddress: AuditFieldValue(self.actor.address)
        case .action: .text(self.action)
        case .targetType: .text(self.target.type)
        case .targetID: .text(self.target.id)
        case .targetName: AuditFieldValue(self.target.name)
        case .targetEngine: AuditFieldValue(self.target.engine)
        case .phase: .text(self.phase.rawValue)
        case .result: .text(self.result.rawValue)
        case .reason: AuditFieldValue(self.reason)
        case .ticket: AuditFieldValue(self.ticket)
        case .detail: AuditFieldValue(self.detail?.text)
        case .requestID: AuditFieldValue(self.requestID)
        case .traceID: AuditFieldValue(self.traceID)
        case .actionID: AuditFieldValue(self.actionID)
        }
    }

    /// Builds an event from its facts; throws `.corrupt` naming the one that is missing or of another kind.
    init(_ value: (AuditField) throws(AuditError) -> AuditFieldValue) throws(AuditError) {
        func text(_ field: AuditField) throws(AuditError) -> String {
            guard case .text(let text) = try value(field) else {
                throw AuditError(.corrupt, "\(field.rawValue) is not text")
            }
            return text
        }
        func optional(_ field: AuditField) throws(AuditError) -> String? {
            try value(field) == .absent ? nil : try text(field)
        }
        guard case .integer(let time) = try value(.time) else { throw AuditError(.corrupt, "time is not an integer") }
        guard let phase = AuditPhase(rawValue: try text(.phase)) else {
            throw AuditError(.corrupt, "phase is none that exists")
        }
        guard let result = AuditResult(rawValue: try text(.result)) else {
            throw AuditError(.corrupt, "result is none that exists")
        }
        self.init(
            id: try text(.id),
            time: time,
            node: try text(.node),
            actor: AuditActor(
                type: try text(.actorType),
                id: try text(.actorID),
                roles: try text(.actorRoles).split(separator: ",").map(String.init),
                address: try optional(.actorAddress)
            ),
            action: try text(.action),
            target: AuditTarget(
                type: try text(.targetType),
                id: try text(.targetID),
                name: try optional(.targetName),
                engine: try optional(.targetEngine)
            ),
            phase: phase,
            result: result,
            reason: try optional(.reason),
            ticket: try optional(.ticket),
            detail: try optional(.detail).map { AuditDetail(text: $0) },
            requestID: try optional(.requestID),
            traceID: try optional(.traceID),
            actionID: try optional(.actionID)
        )
    }
}
