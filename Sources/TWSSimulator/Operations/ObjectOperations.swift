import JSON

/// The calls about workstations, resources, prompts and the model.
let objectOperations: [Operation] = [
    Operation("listWorkstations", "GET", "plan/workstation") { scope throws(OperationError) in
        let rows = scope.view.engine.workstations.indices.map { WorkstationRow(view: scope.view, place: $0) }
        let listing = Listing<WorkstationRow>(
            fields: scope.configuration.knobs.fieldsIgnoreCase ? .workstationsIgnoringCase : .workstations,
            filterKind: .workstations,
            filterName: "plan_filter",
            matches: { $0.matches($1) },
            write: { row, writer in row.view.write(workstation: row.place, to: &writer) }
        )
        return try listing.page(of: rows, scope)
    },
    Operation("getWorkstation", "GET", "plan/workstation/*") { scope throws(OperationError) in
        guard let place = scope.view.workstation(id: scope.parameters[0]) else {
            throw .notFound("ws", scope.parameters[0])
        }
        var writer = JSONWriter()
        scope.view.write(workstation: place, to: &writer)
        return .json(writer)
    },
    workstationAction("updateWorkstationLimit", "update-limit") { id, scope throws(OperationError) in
        .setLimit(workstation: id, try scope.required("limit", in: 0...1024))
    },
    workstationAction("updateWorkstationFence", "update-fence") { id, scope throws(OperationError) in
        .setFence(workstation: id, try scope.required("priority", in: 0...101))
    },
    workstationAction("startWorkstation", "start") { id, _ in .setRunning(workstation: id, true) },
    workstationAction("stopWorkstation", "stop") { id, _ in .setRunning(workstation: id, false) },
    workstationAction("linkWorkstation", "link") { id, _ in .setLinked(workstation: id, true) },
    workstationAction("unlinkWorkstation", "unlink") { id, _ in .setLinked(workstation: id, false) },
    Operation("listResources", "GET", "plan/resource") { scope throws(OperationError) in
        let rows = PlanParameters.resources.indices.map { ResourceRow(scope.view, $0) }
        let listing = Listing<ResourceRow>(
            fields: scope.configuration.knobs.fieldsIgnoreCase ? .resourcesIgnoringCase : .resources,
            filterKind: .resources,
            filterName: "plan_filter",
            matches: { $0.matches($1) },
            write: { row, writer in row.view.write(row, to: &writer) }
        )
        return try listing.page(of: rows, scope)
    },
    Operation("replyPrompt", "PUT", "plan/prompt/*/action/reply") { scope throws(OperationError) in
        guard let answer = try scope.request.json()["answer"]?.bool else {
            throw .badRequest("The field answer is required: true or false.")
        }
        guard let id = EntityID(scope.parameters[0]) else { throw .notFound("prompt", scope.parameters[0]) }
        _ = try scope.perform(.reply(prompt: id, answer))
        return scope.resource("prompt", id.description)
    },
    Operation("listJobDefinitions", "GET", "model/jobdefinition") { scope throws(OperationError) in
        let onlyHeader = scope.onlyHeader
        let listing = Listing<JobDefinitionRow>(
            fields: scope.configuration.knobs.fieldsIgnoreCase ? .jobDefinitionsIgnoringCase : .jobDefinitions,
            filterKind: .resources,
            filterName: "model_filter",
            matches: { $0.matches($1) },
            write: { row, writer in row.view.write(row, onlyHeader: onlyHeader, to: &writer) }
        )
        return try listing.page(of: JobDefinitionRow.all(scope.view), scope)
    },
    Operation("listJobStreamDefinitions", "GET", "model/jobstream") { scope throws(OperationError) in
        let onlyHeader = scope.onlyHeader
        let listing = Listing<StreamDefinitionRow>(
            fields: scope.configuration.knobs.fieldsIgnoreCase ? .streamDefinitionsIgnoringCase : .streamDefinitions,
            filterKind: .streams,
            filterName: "model_filter",
            matches: { $0.matches($1) },
            write: { row, writer in row.view.write(row, onlyHeader: onlyHeader, to: &writer) }
        )
        return try listing.page(of: StreamDefinitionRow.all(scope.view), scope)
    },
]

private func workstationAction(
    _ id: String,
    _ name: String,
    _ action: @escaping @Sendable (EntityID, OperationScope) throws(OperationError) -> OperatorAction
) -> Operation {
    Operation(id, "PUT", "plan/workstation/*/action/\(name)") { scope throws(OperationError) in
        guard let workstation = EntityID(scope.parameters[0]) else { throw .notFound("ws", scope.parameters[0]) }
        _ = try scope.perform(try action(workstation, scope))
        return scope.resource("workstation", workstation.description)
    }
}

extension OperationScope {
    fileprivate func required(_ name: String, in range: ClosedRange<Int>) throws(OperationError) -> Int {
        guard let value = try self.query.int(name, in: range) else {
            throw .badRequest("The parameter \(name) is required.")
        }
        return value
    }

    fileprivate var onlyHeader: Bool { self.request.header("only-header")?.lowercased() == "true" }
}
