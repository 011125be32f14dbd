import JSON

/// Something that was done, attempted or decided, as it was acknowledged.
package struct AuditEvent: Sendable, Hashable {
    /// A UUID of version 7: sortable by time and the key that keeps the event from being stored twice.
    package let id: String

    /// Milliseconds since 1970.
    package let time: Int64
    package let node: String
    package let actor: AuditActor

    /// A dotted verb such as `plan.job.cancel`.
    package let action: String
    package let target: AuditTarget
    package let phase: AuditPhase
    package let result: AuditResult
    package let reason: String?
    package let ticket: String?
    package let detail: AuditDetail?
    package let requestID: String?
    package let traceID: String?

    /// Joins the intent with its outcome.
    package let actionID: String?
}

/// What a caller says about an event; the log adds id, time and node.
package struct AuditEventDraft: Sendable {
    package var actor: AuditActor
    package var action: String
    package var target: AuditTarget
    package var phase: AuditPhase
    package var result: AuditResult
    package var reason: String?
    package var ticket: String?
    package var detail: JSONValue?
    package var requestID: String?
    package var traceID: String?
    package var actionID: String?

    package init(
        actor: AuditActor,
        action: String,
        target: AuditTarget,
        phase: AuditPhase,
        result: AuditResult
    ) {
        self.actor = actor
        self.action = action
        self.target = target
        self.phase = phase
        self.result = result
    }
}

/// Who did it.
package struct AuditActor: Sendable, Hashable {
    /// `user`, `system` or `anonymous`.
    package let type: String
    package let id: String
    package let roles: [String]
    package let address: String?

    package init(type: String, id: String, roles: [String] = [], address: String? = nil) {
        self.type = type
        self.id = id
        self.roles = roles
        self.address = address
    }
}

/// What it was done to.
package struct AuditTarget: Sendable, Hashable {
    package let type: String
    package let id: String
    package let name: String?
    package let engine: String?

    package init(type: String, id: String, name: String? = nil, engine: String? = nil) {
        self.type = type
        self.id = id
        self.name = name
        self.engine = engine
    }
}

/// Where in the course of an action the event stands.
package enum AuditPhase: String, Sendable, Hashable, CaseIterable {
    /// Written before the effect.
    case intent
    /// Written after it.
    case outcome
    /// Complete in itself.
    case event
}

/// How it ended.
package enum AuditResult: String, Sendable, Hashable, CaseIterable {
    case allowed
    case denied
    case succeeded
    case failed
    /// The other side did not say.
    case unknown
}

/// Further values of an event, as the JSON text that is hashed and stored.
package struct AuditDetail: Sendable, Hashable {
    package let text: String

    package init(_ value: JSONValue) {
        self.text = String(decoding: value.bytes, as: UTF8.self)
    }

    init(text: String) {
        self.text = text
    }

    /// A text that was made into something else than JSON in the database becomes a string.
    package var value: JSONValue {
        // What is wrong with the text does not matter: it is shown as it is.
        (try? JSONValue(parsing: Array(self.text.utf8))) ?? .string(self.text)
    }
}
