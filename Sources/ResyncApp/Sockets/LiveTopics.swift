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

    private static let ofEngines: Set<String> = [summary, jobs, jobStreams, workstations, critical]
    private static let ofServer: Set<String> = [alerts, pools]
    private static let jobPrefixes = ["job.", "folder.", "stream.", "workstation."]

    /// Whether the text names a topic of any engine.
    static func isTopic(_ name: String) -> Bool {
        name == self.audit || name.hasPrefix("user.") || self.ofServer.contains(name)
            || self.isTopicOfEngine(name[...])
            || name.firstIndex(of: "~").map { self.isTopicOfEngine(name[name.index(after: $0)...]) } ?? false
    }

    /// Each topic has one name: those of the engine `default` are unknown with its name before them.
    static func access(to name: String, by user: SocketUser, engines: Set<String>) -> TopicAccess {
        let roles = Set(user.roles.compactMap(Role.init(rawValue:)))
        if name == self.audit { return roles.grant(.auditor) ? .allowed : .forbidden }
        if name.hasPrefix("user.") { return name == self.user(user.name) ? .allowed : .forbidden }
        let topic = self.withoutEngine(name, engines: engines)
        guard self.ofServer.contains(name) || self.isTopicOfEngine(topic) else { return .unknown }
        return roles.grant(.viewer) ? .allowed : .forbidden
    }

    /// What stands before a `~` counts as engine only if there is one of that name, as in ids.
    private static func withoutEngine(_ name: String, engines: Set<String>) -> Substring {
        guard let separator = name.firstIndex(of: "~") else { return name[...] }
        let engine = String(name[..<separator])
        guard engine != "default", engines.contains(engine) else { return name[...] }
        return name[name.index(after: separator)...]
    }

    private static func isTopicOfEngine(_ name: Substring) -> Bool {
        if self.ofEngines.contains(String(name)) { return true }
        if name.hasPrefix("actions.") { return name.count > 8 }
        guard name.hasPrefix("plan.jobs.") else { return false }
        let rest = name.dropFirst(10)
        if let prefix = self.jobPrefixes.first(where: { rest.hasPrefix($0) }) { return rest.count > prefix.count }
        // A status, also one the scheduler may add.
        return !rest.isEmpty && rest.allSatisfy { $0.isUppercase || $0 == "_" }
    }
}
