import JSON

/// The calls about job streams.
let streamOperations: [Operation] = [
    Operation("listJobStreams", "GET", "plan/jobstream") { scope throws(OperationError) in
        // Nothing records who submitted a stream, and none of the plan's own was submitted by a caller.
        let mine = try scope.query.bool("submitted_by_me") ?? false
        return try streamListing(scope).page(of: mine ? [] : streamRows(scope.view), scope)
    },
    Operation("countJobStreams", "GET", "plan/jobstream/count") { scope throws(OperationError) in
        try scope.groupedCount(of: streamRows(scope.view), streamListing(scope)) { row, grouping in
            switch grouping {
            case .workstation: row.view.workstationPath(row.stream.workstation)
            case .status: row.common.rawValue
            case .folder: row.view.folder(row.stream)
            }
        }
    },
    Operation("getJobStream", "GET", "plan/jobstream/*") { scope throws(OperationError) in
        let place = try scope.stream()
        var writer = JSONWriter(capacity: 32_768)
        scope.view.write(stream: place, PlanDetail(dependencies: true, jobs: true), to: &writer)
        return .json(writer)
    },
    Operation("getJobStreamPredecessors", "GET", "plan/jobstream/*/predecessors") { scope throws(OperationError) in
        try scope.related(to: .stream(try scope.stream()), PlanGraph.predecessors)
    },
    Operation("getJobStreamSuccessors", "GET", "plan/jobstream/*/successors") { scope throws(OperationError) in
        try scope.related(to: .stream(try scope.stream()), PlanGraph.successors)
    },
    Operation("cancelJobStream", "PUT", "plan/jobstream/*/action/cancel") { scope throws(OperationError) in
        let place = try scope.stream()
        let id = try scope.perform(.cancelStream(scope.view.engine.streams[place].id))
        return scope.resource("jobstream", id.description)
    },
    Operation("submitJobStream", "POST", "plan/jobstream/*/submit") { scope throws(OperationError) in
        try submitStream(scope)
    },
]

private func streamRows(_ view: PlanView) -> [StreamRow] {
    view.visibleStreams.map { StreamRow(view: view, place: $0) }
}

private func streamListing(_ scope: OperationScope) -> Listing<StreamRow> {
    let detail = scope.listDetail
    return Listing(
        fields: scope.configuration.knobs.fieldsIgnoreCase ? .streamsIgnoringCase : .streams,
        filterKind: .streams,
        filterName: "plan_filter",
        matches: { $0.matches($1) },
        write: { row, writer in row.view.write(stream: row.place, detail, to: &writer) }
    )
}

extension OperationScope {
    fileprivate func stream() throws(OperationError) -> Int {
        try self.checkPlan()
        guard let place = self.view.stream(id: self.parameters[0]) else { throw .notFound("js", self.parameters[0]) }
        return place
    }
}

private func submitStream(_ scope: OperationScope) throws(OperationError) -> SimulatorReply {
    let body = try scope.request.json()
    let id = EntityID(scope.parameters[0])
    guard
        let model = (0..<scope.view.engine.modelStreams.count).first(where: {
            scope.view.engine.parameters.id("jsd|\($0)") == id
        })
    else { throw .notFound("jsd", scope.parameters[0]) }
    let submission = StreamSubmission(
        model: model,
        alias: body["alias"]?.string.flatMap { $0.isEmpty ? nil : $0 },
        scheduledAt: try scope.planSeconds("inputArrivalTime", body),
        priority: try scope.priority(body),
        carryForward: body["carryForward"]?.bool
    )
    let created = try scope.perform(.submitStream(submission))
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("count", 1)
    writer.array("results") { scope.writeResource("jobstream", created.description, to: &$0) }
    writer.endObject()
    return .json(writer)
}
