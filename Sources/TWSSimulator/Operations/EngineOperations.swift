import JSON

/// The calls about the engine itself.
let engineOperations: [Operation] = [
    Operation("getEngineInfo", "GET", "engine/info") { scope in
        let version = scope.configuration.knobs.version
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("displayVersion", version)
        writer.field("fullVersion", "\(version).00")
        writer.object("capabilities") { _ in }
        writer.object("adminRoles") { writer in writer.array("admin") { _ in } }
        writer.field("referenceId", scope.view.engine.parameters.id("engine"))
        writer.field("licenseType", "PERSERVER")
        writer.field("locale", "en")
        writer.field("timezone", scope.view.engine.parameters.timeZone)
        writer.endObject()
        return .json(writer)
    },
    Operation("getObjectsInfo", "GET", "objects-info") { scope throws(OperationError) in
        let asked = scope.query["object_type"]
        guard asked == nil || ObjectType.allCases.contains(where: { $0.rawValue == asked }) else {
            throw .badRequest("The object type \(asked ?? "") is not known.")
        }
        var writer = JSONWriter()
        writer.beginObject()
        for type in ObjectType.allCases where asked == nil || asked == type.rawValue {
            writer.key(string: type.rawValue)
            writer.beginObject()
            type.write(to: &writer)
            writer.endObject()
        }
        writer.endObject()
        return .json(writer)
    },
]

/// The kinds of objects whose states and actions can be asked for.
private enum ObjectType: String, CaseIterable {
    case job = "JOB_IN_PLAN"
    case stream = "JOBSTREAM_IN_PLAN"
    case workstation = "WORKSTATION_IN_PLAN"
    case eventSource = "EVENTSOURCE"
    case resource = "RESOURCE_IN_PLAN"
    case prompt = "PROMPT_IN_PLAN"

    func write(to writer: inout JSONWriter) {
        let path = self.path
        writer.array("actions") { writer in
            for action in self.actions {
                writer.beginObject()
                writer.field("key", action)
                writer.field("label", action)
                writer.field("httpMethod", action.hasPrefix("submit") ? "POST" : "PUT")
                writer.field("parametricUrl", Self.address(of: action, path))
                writer.endObject()
            }
        }
        switch self {
        case .job:
            writer.labels("status", JobStatus.allCases.map(\.rawValue))
            writer.labels("commonStatus", CommonStatus.allCases.map(\.rawValue))
        case .stream:
            writer.labels("status", JobStreamStatus.allCases.map(\.rawValue))
            writer.labels("commonStatus", CommonStatus.allCases.map(\.rawValue))
        case .workstation:
            writer.labels(
                "activeStates",
                [
                    "MASTER", "BROKER", "LINKED", "FULLY_LINKED", "RUNNING", "ONLINE", "JOBMAN_UP", "WRITER_UP",
                    "IS_INITED", "EVT_PROC_RUNNING",
                ]
            )
            writer.labels("activeFlags", ["AUTO_LINK", "FULL_STATUS"])
            writer.labels("workstationType", ["MANAGER", "WORKLOAD_BROKER", "FTA", "POOL", "AGENT"])
        case .resource: writer.labels("status", ["AVAILABLE", "NOT_AVAILABLE", "UNDECIDED"])
        case .prompt: writer.labels("status", ["NOT_ASKED", "ASKED", "ANSWERED_YES", "ANSWERED_NO"])
        case .eventSource: break
        }
    }

    private static func address(of action: String, _ path: String) -> String {
        switch action {
        case "rerun": "/plan/job/run/{run_id}/action/rerun"
        case "submit": "/plan/jobstream/{model_jobstream_id}/submit"
        case "submit-ad-hoc-job": "/plan/job/submit-ad-hoc-job"
        default: "/plan/\(path)/{id}/action/\(action)"
        }
    }

    private var path: String {
        switch self {
        case .job: "job"
        case .stream: "jobstream"
        case .workstation: "workstation"
        case .eventSource: "eventsource"
        case .resource: "resource"
        case .prompt: "prompt"
        }
    }

    private var actions: [String] {
        switch self {
        case .job:
            [
                "cancel", "hold", "release", "kill", "confirm-succ", "confirm-abend", "update-priority",
                "release-all-dependencies", "rerun", "submit-ad-hoc-job",
            ]
        case .stream: ["cancel", "submit"]
        case .workstation: ["start", "stop", "link", "unlink", "update-limit", "update-fence"]
        case .prompt: ["reply"]
        case .eventSource, .resource: []
        }
    }
}

extension JSONWriter {
    /// An array of `{key, label}`.
    fileprivate mutating func labels(_ name: StaticString, _ keys: [String]) {
        self.array(name) { writer in
            for key in keys {
                writer.beginObject()
                writer.field("key", key)
                writer.field("label", key)
                writer.endObject()
            }
        }
    }
}
