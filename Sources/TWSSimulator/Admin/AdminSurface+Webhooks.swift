import JSON

extension AdminSurface {
    /// Registers, lists and removes receivers of events.
    func webhooks(_ request: SimulatorRequest, id: String?) throws(OperationError) -> SimulatorReply {
        switch (request.method, id) {
        case ("GET", nil): break
        case ("POST", nil):
            let (address, kinds) = try self.read(request, Self.registration)
            let registered = self.server.simulator.withState { state, _ in
                state.withWebhooks { $0.register(address, kinds: kinds) }
            }
            guard registered != nil else {
                throw OperationError(
                    status: 409,
                    message: "There are \(WebhookOutbox.maximumWebhooks) webhooks already."
                )
            }
        case ("DELETE", let id?):
            guard self.server.simulator.withState({ state, _ in state.withWebhooks { $0.remove(id) } }) else {
                throw OperationError(status: 404, message: "There is no webhook \(id).")
            }
        default: throw OperationError(status: 405, message: "Method not allowed.")
        }
        return self.webhooksReply()
    }

    private static func registration(
        _ json: JSONValue
    ) throws(ConfigurationError) -> (WebhookAddress, Set<JobEvent.Kind>) {
        var reader = try ConfigurationReader(json, at: "")
        guard let address = try reader.string("url").flatMap({ WebhookAddress($0) }) else {
            throw reader.problem("url", "an absolute URL of the scheme http is expected")
        }
        var kinds = Set(JobEvent.Kind.allCases)
        if let names = try reader.array("events") {
            let read = names.compactMap { $0.string.flatMap { JobEvent.Kind(rawValue: $0) } }
            guard read.count == names.count, !read.isEmpty else {
                let known = JobEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw reader.problem("events", "a list of one or more of \(known) is expected")
            }
            kinds = Set(read)
        }
        try reader.finish()
        return (address, kinds)
    }

    private func webhooksReply() -> SimulatorReply {
        let webhooks = self.server.simulator.withState { state, _ in state.webhooks.webhooks }
        var writer = JSONWriter()
        writer.beginObject()
        writer.array("webhooks") { writer in
            for webhook in webhooks {
                writer.beginObject()
                writer.field("id", webhook.id)
                writer.field("url", webhook.address.text)
                writer.field("events", webhook.kinds.map(\.rawValue).sorted())
                writer.field("waiting", webhook.waiting.count)
                writer.field("delivered", webhook.delivered)
                writer.field("failed", webhook.failed)
                writer.field("dropped", webhook.dropped)
                writer.endObject()
            }
        }
        writer.endObject()
        return .json(writer)
    }

    /// Tells the receivers of an event about a job as if it had just happened.
    func push(_ request: SimulatorRequest) throws(OperationError) -> SimulatorReply {
        let (kind, job) = try self.read(request) { json throws(ConfigurationError) in
            var reader = try ConfigurationReader(json, at: "")
            let kind: JobEvent.Kind = try reader.choice("event") ?? .statusChanged
            guard let job = try reader.string("job") else { throw reader.problem("job", "a job's id is expected") }
            try reader.finish()
            return (kind, job)
        }
        let receivers = self.server.simulator.withState { state, real -> Int? in
            state.catchUp(real)
            guard let id = state.view(real: real).jobEntity(id: job), let place = state.engine.jobPlaces[id] else {
                return nil
            }
            return state.announce(state.engine.event(kind, of: place, at: state.now(real)))
        }
        guard let receivers else { throw .notFound("jb", job) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("receivers", receivers)
        writer.endObject()
        return .json(writer)
    }
}
