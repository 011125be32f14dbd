import JSON

/// The calls that change jobs.
let jobActionOperations: [Operation] = [
    jobAction("cancelJob", "cancel") { .cancel(job: $0) },
    jobAction("holdJob", "hold") { .hold(job: $0) },
    jobAction("releaseJob", "release") { .release(job: $0) },
    jobAction("killJob", "kill") { .kill(job: $0) },
    jobAction("confirmJobSucc", "confirm-succ") { .confirm(job: $0, success: true) },
    jobAction("confirmJobAbend", "confirm-abend") { .confirm(job: $0, success: false) },
    jobAction("releaseAllJobDependencies", "release-all-dependencies") { .releaseDependencies(job: $0) },
    Operation("updateJobPriority", "PUT", "plan/job/*/action/update-priority") { scope throws(OperationError) in
        let place = try scope.job()
        guard let priority = try scope.query.int("priority", in: 0...101) else {
            throw .badRequest("The parameter priority is required.")
        }
        _ = try scope.perform(.setPriority(job: scope.view.engine.jobs[place].id, priority))
        return scope.resource("job", scope.view.jobIDText(place))
    },
    Operation("rerunJobRun", "PUT", "plan/job/run/*/action/rerun", needsContentType: true) {
        scope throws(OperationError) in
        let body = try scope.request.json()
        guard let (place, run) = scope.view.run(id: scope.parameters[0]) else {
            throw .notFound("jr", scope.parameters[0])
        }
        let job = scope.view.engine.jobs[place]
        guard run.id == job.run.id else { throw .badRequest("The run is not the last one of its job.") }
        _ = try scope.perform(.rerun(job: job.id, try rerunRequest(body, scope)))
        return scope.resource("job", scope.view.jobIDText(place))
    },
    Operation("rerunJobs", "PUT", "plan/job/action/rerun", needsContentType: true) { scope throws(OperationError) in
        try rerunByFilter(scope)
    },
    Operation("submitAdHocJob", "POST", "plan/job/submit-ad-hoc-job") { scope throws(OperationError) in
        try submitAdHocJob(scope)
    },
]

private func jobAction(
    _ id: String,
    _ name: String,
    _ action: @escaping @Sendable (EntityID) -> OperatorAction
) -> Operation {
    Operation(id, "PUT", "plan/job/*/action/\(name)") { scope throws(OperationError) in
        _ = try scope.request.json()
        let place = try scope.job()
        _ = try scope.perform(action(scope.view.engine.jobs[place].id))
        return scope.resource("job", scope.view.jobIDText(place))
    }
}

extension OperationScope {
    /// `{id, url}` of an object, the url being where it can be read.
    func resource(_ kind: String, _ id: String) -> SimulatorReply {
        var writer = JSONWriter()
        self.writeResource(kind, id, to: &writer)
        return .json(writer)
    }

    func writeResource(_ kind: String, _ id: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("url", "\(self.baseURL)/twsd/api/v2/plan/\(kind)/\(percentEncoded(id))")
        writer.endObject()
    }

    /// An instant in a body, in seconds since the start of the first plan day.
    func planSeconds(_ name: String, _ body: JSONValue) throws(OperationError) -> Int? {
        guard let value = body[name], !value.isNull else { return nil }
        guard let instant = value.string.flatMap({ PlanInstant($0) }) else {
            throw .badRequest("The field \(name) is not an instant such as 2026-01-15T10:00:00Z.")
        }
        return instant.secondsSinceEpoch - self.view.engine.parameters.startSecondsSinceEpoch
    }

    func priority(_ body: JSONValue) throws(OperationError) -> Int? {
        guard let value = body["priority"], !value.isNull else { return nil }
        guard let priority = value.int, (0...101).contains(priority) else {
            throw .badRequest("The field priority is not in 0..101.")
        }
        return priority
    }
}

private func rerunRequest(_ body: JSONValue, _ scope: OperationScope) throws(OperationError) -> RerunRequest {
    var request = RerunRequest()
    request.priority = try scope.priority(body) ?? request.priority
    request.startTime = try scope.planSeconds("startTime", body)
    if body["jobDefinitionDbIdentifier"]?.string != nil || body["jobDefinitionDbKey"]?.string != nil {
        request.type = .rerunFrom
    }
    if let step = body["stepName"]?.string, !step.isEmpty {
        request.type = .rerunStep
        request.step = step
    }
    return request
}

/// Reruns the jobs the filters select; what more than allowed are is a knob.
private func rerunByFilter(_ scope: OperationScope) throws(OperationError) -> SimulatorReply {
    let body = try scope.request.json()
    let request = try rerunRequest(body, scope)
    let maximum = try scope.query.int("max_object_affected", in: 0...Int(Int32.max)) ?? 1
    guard scope.query["oql"] != nil || scope.query["plan_filter"] != nil else {
        throw .badRequest("One of the parameters oql and plan_filter is required.")
    }
    let rows = try jobListing(scope).select(jobRows(scope.view), scope)
    guard rows.count <= maximum || scope.configuration.exceedMax == .firstN else {
        throw .badRequest("\(rows.count) jobs match, more than max_object_affected \(maximum) allows.")
    }
    var failures: [(id: String, message: String)] = []
    var successes: [String] = []
    for row in rows.prefix(maximum) {
        let id = scope.view.jobIDText(row.place)
        do {
            _ = try scope.submit(.rerun(job: row.job.id, request))
            successes.append(id)
        } catch {
            failures.append((id, error.message))
        }
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.array("successfulResourceResponses") { writer in
        for id in successes {
            writer.beginObject()
            writer.field("id", id)
            writer.field("error", false)
            writer.endObject()
        }
    }
    writer.array("failedResourceResponses") { writer in
        for failure in failures {
            writer.beginObject()
            writer.field("id", failure.id)
            writer.field("message", failure.message)
            writer.field("isError", true)
            writer.field("error", true)
            writer.endObject()
        }
    }
    writer.endObject()
    return .json(writer)
}

private func submitAdHocJob(_ scope: OperationScope) throws(OperationError) -> SimulatorReply {
    let body = try scope.request.json()
    guard let task = body["task"]?.fields?.first, task.value.fields != nil else {
        throw .badRequest("The field task is required: an object keyed by the type of the task.")
    }
    let key = body["workstationKey"]?.string
    let workstation = scope.view.engine.workstations.first { workstation in
        key.map { $0 == "/\(workstation.name)" || $0 == workstation.name }
            ?? (workstation.id.description == body["workstationId"]?.string)
    }
    guard let workstation else {
        throw .badRequest("The workstation \(key ?? body["workstationId"]?.string ?? "") is not in the plan.")
    }
    let stream = body["jobStreamId"]?.string
    let streamID = stream.flatMap { EntityID($0) }
    guard (stream == nil) == (streamID == nil) else { throw .badRequest("The job stream \(stream ?? "") is unknown.") }
    let priority = try scope.priority(body) ?? 10
    let scheduledAt = try scope.planSeconds("inputArrivalTime", body)
    let command = task.value["isCommand"]
    let submission = AdHocSubmission(
        name: body["alias"]?.string ?? body["jobName"]?.string ?? "ADHOC",
        workstation: workstation.id,
        stream: streamID,
        taskText: task.value["taskString"]?.string ?? "",
        taskType: task.name,
        isCommand: command?.bool ?? (command?.string == "true"),
        user: task.value["userName"]?.string ?? "batch",
        priority: priority,
        critical: body["critical"]?.bool ?? false,
        requiresConfirmation: body["requiresConfirmation"]?.bool ?? false,
        recovery: body["recoveryOption"]?.string.flatMap { RecoveryOption(rawValue: $0) } ?? .stop,
        uniqueName: body["hasUniqueName"]?.bool ?? false,
        scheduledAt: scheduledAt
    )
    let id = try scope.perform(.submitJob(submission))
    guard scope.configuration.knobs.compositeIDs else { return scope.resource("job", id.description) }
    let target = streamID.flatMap { scope.view.engine.streamPlaces[$0] }.map { scope.view.engine.streams[$0] }
    let targetWorkstation = target.map { scope.view.engine.workstations[$0.workstation].name } ?? workstation.name
    return scope.resource("job", "\(targetWorkstation);\(target?.name ?? "JOBS");\(submission.name)")
}
