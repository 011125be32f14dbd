import JSON

extension SimulatorStateMachine {
    /// Carries out a request of an action log at its time; one that was refused is refused again.
    mutating func replay(_ entry: RecordedRequest) {
        let request = entry.request
        switch ReplayedRequest(entry) {
        case .force(let job):
            // Both can only fail as they did when the log was written: without effect.
            guard let json = try? request.json(), let force = try? ForcedStatus(json) else { return }
            try? self.force(job: job, force)
        case .operation(let operation, let parameters):
            var actions: [OperatorAction] = []
            // The answer that would name the object goes nowhere.
            let object = self.engine.parameters.id("engine")
            let scope = OperationScope(
                request: request,
                query: request.query,
                parameters: parameters,
                view: self.view(entry.virtualSeconds),
                configuration: self.configuration,
                baseURL: "",
                paging: nil,
                bigLog: nil
            ) { action in
                actions.append(action)
                return object
            }
            // The same.
            guard (try? operation.answer(scope)) != nil else { return }
            var recorded: SimulatorRequest? = request
            for action in actions {
                // The same, action by action.
                guard (try? self.perform(action, for: recorded)) != nil else { continue }
                recorded = nil
            }
        case nil: break
        }
    }
}

/// A status a test wants a job's last run to have.
struct ForcedStatus: Sendable {
    var status: JobStatus
    var returnCode: Int?

    init(status: JobStatus, returnCode: Int? = nil) {
        self.status = status
        self.returnCode = returnCode
    }

    /// Reads `{"status", "rc"}`.
    init(_ json: JSONValue) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json, at: "")
        guard let status: JobStatus = try reader.choice("status") else {
            throw reader.problem("status", "an internal status such as ABEND is expected")
        }
        self.status = status
        self.returnCode = try reader.int("rc", in: -2_147_483_648...2_147_483_647)
        try reader.finish()
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("status", self.status.rawValue)
        writer.field("rc", self.returnCode)
        writer.endObject()
        return writer.bytes
    }
}
