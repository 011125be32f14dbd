import Database

/// Which events are asked for; what is nil does not matter, what is set must all hold.
package struct AuditFilter: Sendable, Hashable {
    /// Milliseconds since 1970; the first instant that counts.
    package var from: Int64?

    /// The first instant that no longer counts.
    package var to: Int64?
    package var actor: String?

    /// A whole action or the beginning of one: `plan.job` finds `plan.job.cancel`.
    package var action: String?
    package var target: String?
    package var result: AuditResult?
    package var requestID: String?
    package var actionID: String?

    /// Text anywhere in actor, action, target, reason or ticket, without regard to the case of ASCII letters.
    package var text: String?

    package init() {}

    /// At least one condition, so that they can follow a `WHERE`.
    func conditions(page: AuditPage) -> [SQLStatement] {
        var conditions: [SQLStatement] = [page.condition]
        if let from = self.from { conditions.append("time >= \(from)") }
        if let to = self.to { conditions.append("time < \(to)") }
        if let actor = self.actor { conditions.append("actor_id = \(actor)") }
        if let action = self.action {
            // A range instead of LIKE, because it uses the index: nothing sorts behind U+10FFFF.
            conditions.append("action >= \(action) AND action < \(action + "\u{10FFFF}")")
        }
        if let target = self.target { conditions.append("(target_id = \(target) OR target_name = \(target))") }
        if let result = self.result { conditions.append("result = \(result.rawValue)") }
        if let requestID = self.requestID { conditions.append("request_id = \(requestID)") }
        if let actionID = self.actionID { conditions.append("action_id = \(actionID)") }
        if let text = self.text { conditions.append(Self.contains(text)) }
        return conditions
    }

    private static func contains(_ text: String) -> SQLStatement {
        let escaped = text.replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
        let pattern = "%\(escaped)%"
        return """
            (actor_id LIKE \(pattern) ESCAPE '!' OR action LIKE \(pattern) ESCAPE '!'
                OR target_id LIKE \(pattern) ESCAPE '!' OR target_name LIKE \(pattern) ESCAPE '!'
                OR reason LIKE \(pattern) ESCAPE '!' OR ticket LIKE \(pattern) ESCAPE '!')
            """
    }
}

/// Where in the log a page begins; stable while events are added.
package struct AuditPage: Sendable, Hashable {
    /// The last sequence of the page before; nil for the first page.
    package var after: Int64?
    package var limit: Int
    package var isNewestFirst: Bool

    /// The limit is brought into 1 to 1000.
    package init(after: Int64? = nil, limit: Int = 100, newestFirst: Bool = true) {
        self.after = after
        self.limit = min(max(limit, 1), 1000)
        self.isNewestFirst = newestFirst
    }

    var condition: SQLStatement {
        guard let after = self.after else { return "sequence > 0" }
        return self.isNewestFirst ? "sequence < \(after)" : "sequence > \(after)"
    }
}
