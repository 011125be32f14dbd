import JSON

/// The simulator's own surface for tests and demonstrations, apart from the product's; loopback only, no credentials.
struct AdminSurface: Responder {
    let server: SimulatorServer

    func finish(_ exchange: Exchange, request: SimulatorRequest) {}
    func mayProceed(_ exchange: Exchange) -> Bool { true }
    func connectionFaults(node: Int) -> ActiveFaults { ActiveFaults() }
    func followedLines(_ log: FollowedLog) -> (lines: [String], isComplete: Bool) { ([], true) }

    func exchange(_ request: SimulatorRequest) -> Exchange {
        do {
            return Exchange(reply: try self.reply(to: request), date: "")
        } catch {
            return Exchange(reply: .messages(error.status, error.message), date: "")
        }
    }

    private func reply(to request: SimulatorRequest) throws(OperationError) -> SimulatorReply {
        let segments = request.segments ?? []
        guard segments.first == "sim" else { throw OperationError(status: 404, message: "Not found.") }
        switch (request.method, segments.count > 1 ? segments[1] : "", segments.count) {
        case ("GET", "state", 2): return self.stateReply()
        case ("POST", "clock", 2): return try self.setClock(request)
        case ("POST", "reset", 2): return try self.reset(request)
        case ("GET", "golden", 2): return self.golden()
        case ("GET", "requests", 2): return try self.requests(request)
        case (_, "faults", 2...3): return try self.faults(request, id: segments.count > 2 ? segments[2] : nil)
        case ("POST", "job", 4) where segments[3] == "force": return try self.force(request, segments[2])
        case (_, "webhooks", 2...3): return try self.webhooks(request, id: segments.count > 2 ? segments[2] : nil)
        case ("POST", "event", 2): return try self.push(request)
        default:
            if segments.count == 2, let allowed = Self.methods[segments[1]] {
                throw OperationError(status: 405, message: "\(request.method) was given; \(allowed) is expected here.")
            }
            throw OperationError(status: 404, message: "Not found.")
        }
    }

    /// The methods of the calls that have one only.
    private static let methods = [
        "state": "GET", "clock": "POST", "reset": "POST", "golden": "GET", "requests": "GET", "event": "POST",
    ]

    /// Reads the body, a JSON object; what is wrong with it is the caller's fault.
    func read<Value>(
        _ request: SimulatorRequest,
        _ body: (JSONValue) throws(ConfigurationError) -> Value
    ) throws(OperationError) -> Value {
        let json = try request.json()
        do {
            return try body(json)
        } catch {
            throw OperationError(status: 400, message: error.description)
        }
    }

    // MARK: State and time

    private func stateReply() -> SimulatorReply {
        let writer = self.server.simulator.withState { state, real in
            let view = state.view(real: real)
            var writer = JSONWriter(capacity: 1024)
            writer.beginObject()
            writer.field("virtualTime", state.engine.parameters.instant(state.now(real)))
            writer.field("virtualSeconds", state.now(real))
            writer.field("tick", state.engine.lastTick)
            writer.field("speed", state.clock.speed)
            writer.field("seed", state.engine.parameters.seed)
            writer.field("day", state.engine.day)
            writer.field("jobs", view.engine.jobs.count)
            view.engine.writeCounts(at: view.now, to: &writer)
            writer.array("nodes") { writer in
                for node in [0, 1] {
                    writer.beginObject()
                    writer.field("name", state.nodeName(node))
                    writer.field("role", state.masterNode == node ? "master" : "backup")
                    writer.field("down", state.downNode == node)
                    writer.endObject()
                }
            }
            writer.field("requests", state.requests)
            writer.field("inFlight", state.inFlight)
            writer.endObject()
            return writer
        }
        return .json(writer)
    }

    private func setClock(_ request: SimulatorRequest) throws(OperationError) -> SimulatorReply {
        let (speed, advance, target) = try self.read(request) { json throws(ConfigurationError) in
            var reader = try ConfigurationReader(json, at: "")
            let speed = try reader.double("speed", in: 0...100_000)
            let advance = try reader.int("advanceSeconds", in: 0...8_640_000)
            let target = try reader.int("setSeconds", in: 0...31_536_000)
            try reader.finish()
            return (speed, advance, target)
        }
        self.server.simulator.withState { state, real in
            if let speed { state.setSpeed(speed, real: real) }
            if let advance { state.advance(to: state.clock.now(real) + Double(advance), real: real) }
            if let target { state.advance(to: Double(target), real: real) }
        }
        return self.stateReply()
    }

    private func reset(_ request: SimulatorRequest) throws(OperationError) -> SimulatorReply {
        try self.read(request) { json throws(ConfigurationError) in
            try self.server.simulator.withState { (state, real) throws(ConfigurationError) in
                try state.reset(json, real: real)
            }
        }
        return self.stateReply()
    }

    private func golden() -> SimulatorReply {
        let writer = self.server.simulator.withState { state, real in
            state.catchUp(real)
            var writer = JSONWriter()
            writer.beginObject()
            writer.field("seed", state.engine.parameters.seed)
            writer.field("tick", state.engine.lastTick)
            state.engine.writeCounts(at: state.engine.lastTick, to: &writer)
            writer.endObject()
            return writer
        }
        return .json(writer)
    }

    private func requests(_ request: SimulatorRequest) throws(OperationError) -> SimulatorReply {
        let last = try request.query.int("last", in: 1...1000) ?? 100
        let records = self.server.simulator.withState { state, _ in Array(state.records.suffix(last)) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.array("requests") { writer in
            for record in records {
                writer.beginObject()
                writer.field("method", record.method)
                writer.field("path", record.target)
                writer.field("status", record.status)
                writer.field("ms", record.milliseconds)
                writer.field("user", record.user)
                writer.field("fault", record.fault)
                writer.endObject()
            }
        }
        writer.endObject()
        return .json(writer)
    }

    // MARK: Force

    private func force(_ request: SimulatorRequest, _ job: String) throws(OperationError) -> SimulatorReply {
        let force = try self.read(request) { json throws(ConfigurationError) in try ForcedStatus(json) }
        do {
            try self.server.force(job: job, status: force.status, returnCode: force.returnCode)
        } catch {
            throw OperationError(status: 404, message: error.message)
        }
        return self.stateReply()
    }
}
