import Authentication
import WebSockets

/// The topics of the WebSocket: their names, and who may follow them.
enum LiveTopics {
    static let summary = "plan.summary"
    static let jobs = "plan.jobs"
    static let jobStreams = "plan.jobstreams"
    static let workstations = "plan.workstations"
    static let critical = "plan.critical"
    static let alerts = "alerts"
    static let pools = "pools"
    static let audit = "audit"

    static func jobs(status: String) -> String { "plan.jobs.\(status)" }
    static func job(id: String) -> String { "plan.jobs.job.\(id)" }
    static func jobs(folder: String) -> String { "plan.jobs.folder.\(folder)" }
    static func jobs(stream: String) -> String { "plan.jobs.stream.\(stream)" }
    static func jobs(workstation: String) -> String { "plan.jobs.workstation.\(workstation)" }
    static func action(id: String) -> String { "actions.\(id)" }
    static func user(_ name: String) -> String { "user.\(name)" }

    /// The topic of an engine: its own name before it, except for the engine `default`.
    static func topic(_ topic: String, engine: String) -> String {
        engine == "default" ? topic : "\(engine)~\(topic)"
    }

    private static let plain: Set<String> = [summary, jobs, jobStreams, workstations, critical, alerts, pools]
    private static let jobPrefixes = ["job.", "folder.", "stream.", "workstation."]

    /// Whether the text names a topic at all.
    static func isTopic(_ name: String) -> Bool {
        self.audit == name || self.isPlanTopic(self.withoutEngine(name)) || name.hasPrefix("user.")
    }

    static func access(to name: String, by user: SocketUser, engines: Set<String>) -> TopicAccess {
        let roles = Set(user.roles.compactMap(Role.init(rawValue:)))
        if name == self.audit { return roles.grant(.auditor) ? .allowed : .forbidden }
        if name.hasPrefix("user.") { return name == self.user(user.name) ? .allowed : .forbidden }
        if let separator = name.firstIndex(of: "~"), !engines.contains(String(name[..<separator])) { return .unknown }
        guard self.isPlanTopic(self.withoutEngine(name)) else { return .unknown }
        return roles.grant(.viewer) ? .allowed : .forbidden
    }

    private static func withoutEngine(_ name: String) -> Substring {
        guard let separator = name.firstIndex(of: "~") else { return name[...] }
        return name[name.index(after: separator)...]
    }

    private static func isPlanTopic(_ name: Substring) -> Bool {
        if self.plain.contains(String(name)) { return true }
        if name.hasPrefix("actions.") { return name.count > 8 }
        guard name.hasPrefix("plan.jobs.") else { return false }
        let rest = name.dropFirst(10)
        if let prefix = self.jobPrefixes.first(where: { rest.hasPrefix($0) }) { return rest.count > prefix.count }
        // A status, also one the scheduler may add.
        return !rest.isEmpty && rest.allSatisfy { $0.isUppercase || $0 == "_" }
    }
}
