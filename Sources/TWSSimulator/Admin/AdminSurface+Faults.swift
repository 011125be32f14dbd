import JSON

extension AdminSurface {
    /// Reads, adds, replaces and removes fault rules.
    func faults(_ request: SimulatorRequest, id: String?) throws(OperationError) -> SimulatorReply {
        var rules = self.server.simulator.withState { state, _ in state.faults.rules }
        if let id, request.method != "PUT", !rules.contains(where: { $0.id == id }) {
            throw OperationError(status: 404, message: "There is no rule \(id).")
        }
        do {
            switch (request.method, id) {
            case ("GET", _): break
            case ("DELETE", nil): rules = []
            case ("DELETE", let id?): rules.removeAll { $0.id == id }
            case ("PUT", nil):
                let body = try self.parsed(request)
                guard let list = body.array ?? body["faults"]?.array else {
                    throw OperationError.badRequest("An array of rules is expected.")
                }
                rules = try FaultRule.rules(list, at: "faults")
            case ("POST", nil):
                let rule = try FaultRule(try self.parsed(request), number: rules.count + 1)
                rules.removeAll { $0.id == rule.id }
                rules.append(rule)
            case ("PUT", let id?):
                let read = try FaultRule(try self.parsed(request), number: 1)
                let rule = FaultRule(id: id, match: read.match, effect: read.effect, source: read.source)
                if let place = rules.firstIndex(where: { $0.id == id }) {
                    rules[place] = rule
                } else {
                    rules.append(rule)
                }
            default: throw OperationError(status: 405, message: "Method not allowed.")
            }
        } catch let error as ConfigurationError {
            throw OperationError(status: 400, message: error.description)
        } catch let error as OperationError {
            throw error
        } catch {
            throw .badRequest("\(error)")
        }
        let result = rules
        if request.method != "GET" {
            self.server.simulator.withState { state, real in state.setFaults(result, real: real) }
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.array("faults") { writer in
            for rule in result where request.method != "GET" || id == nil || id == rule.id { writer.raw(rule.source) }
        }
        writer.endObject()
        return .json(writer)
    }

    private func parsed(_ request: SimulatorRequest) throws(OperationError) -> JSONValue {
        do { return try JSONValue(parsing: request.body) } catch { throw .badRequest(error.message) }
    }
}
