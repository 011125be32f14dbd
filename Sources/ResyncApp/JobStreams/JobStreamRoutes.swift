import InboundHTTP
import JSON
import TWS

/// `/plan/jobstreams`: lists and one stream with its jobs.
struct JobStreamRoutes: Sendable {
    let engines: Engines

    static let id = OperationDescription.Parameter("id", in: .path, "Id of the job stream.")

    /// What job streams can be ordered by.
    private enum SortField: String, CaseIterable, Sendable {
        case name
        case status
        case workstation
        case scheduledAt
        case startedAt
        case priority

        func value(of stream: PlanJobStream) -> SortValue {
            switch self {
            case .name: .text(stream.name)
            case .status: .text(stream.status)
            case .workstation: .text(stream.workstation)
            case .scheduledAt: SortValue(stream.scheduledAt)
            case .startedAt: SortValue(stream.startedAt)
            case .priority: SortValue(stream.priority)
            }
        }
    }

    private struct Row {
        let stream: PlanJobStream
        let engine: String
        let now: Int64
    }

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/plan/jobstreams",
            access: .role("viewer"),
            .init(
                id: "listJobStreams",
                summary: "Job streams of the plan.",
                tag: "plan",
                parameters: JobRoutes.page + [
                    .init("status", in: .query, "Any of these states.", schema: Schema.oneOf(PlanStatus.all)),
                    .init("name", in: .query, "Name, with @ and ?."),
                    .init("workstation", in: .query, "Workstation, with @ and ?."),
                    .init("folder", in: .query, "Folder, with @ and ?."),
                    .init("engine", in: .query, "Name of the engine."),
                    .init("sort", in: .query, "One key, descending after a -."),
                ],
                responses: [.list("JobStream")]
            ),
            handler: self.list
        )
        router.add(
            .GET,
            "/api/v1/plan/jobstreams/{id}",
            access: .role("viewer"),
            .init(
                id: "getJobStream",
                summary: "One job stream with its jobs.",
                tag: "plan",
                parameters: [Self.id],
                responses: [.ok("The job stream", "JobStream")]
            ),
            handler: self.detail
        )
    }

    @Sendable private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
        let filter = try JobFilter(request.query)
        let sort = try PageRequest.sort(request, as: SortField.self)
        guard sort.count <= 1 else { throw HTTPProblem.invalidRequest("sort: one key was expected.") }
        let page = try PageRequest(request)
        let view = try PlanView(try self.engines.named(filter.engines))
        let rows = view.parts.flatMap { part in
            part.snapshot.streams.values.filter { filter.matches($0) }
                .map { Row(stream: $0, engine: part.engine.name, now: part.now) }
        }
        let key = sort.first ?? .init(field: .name, descending: false)
        return view.respond(to: request) { json in
            json.page(
                rows,
                page,
                descending: key.descending,
                key: { [key.field.value(of: $0.stream)] },
                id: { EngineID.external($0.stream.id, engine: $0.engine) },
                write: { json, row in
                    json.beginObject()
                    json.fields(of: row.stream, engine: row.engine, now: row.now)
                    json.endObject()
                }
            )
        }
    }

    @Sendable private func detail(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let view = try PlanView([engine])
        guard let part = view.parts.first, let stream = part.snapshot.streams[id] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The plan has no job stream \(id).")
        }
        let jobs = part.snapshot.jobs.inStream(stream.name).filter { $0.streamID == id }.sorted { $0.name < $1.name }
        return view.respond(to: request) { json in
            json.fields(of: stream, engine: engine.name, now: part.now)
            json.key("jobs")
            json.beginArray()
            for job in jobs { json.write(job, engine: engine.name, now: part.now) }
            json.endArray()
        }
    }
}

extension JobFilter {
    fileprivate func matches(_ stream: PlanJobStream) -> Bool {
        if !self.statuses.isEmpty, !self.statuses.contains(stream.status) { return false }
        return (self.names.isEmpty || self.names.contains { $0.matches(stream.name) })
            && (self.workstations.isEmpty || self.workstations.contains { $0.matches(stream.workstation) })
            && (self.folders.isEmpty || self.folders.contains { $0.matches(stream.folder) })
    }
}

extension JSONWriter {
    mutating func fields(of stream: PlanJobStream, engine: String, now: Int64) {
        self.field("id", EngineID.external(stream.id, engine: engine))
        self.field("name", stream.name)
        self.field("workstation", stream.workstation)
        self.field("folder", stream.folder)
        self.field("engine", engine)
        self.field("status", stream.status)
        self.field("internalStatus", stream.internalStatus)
        self.field("substatus", stream.substatus)
        self.field("canceled", stream.canceled)
        self.field("priority", stream.priority)
        self.field("limit", stream.limit)
        self.field("modelId", stream.modelID.map { EngineID.external($0, engine: engine) })
        self.field("scheduledAt", epochMilliseconds: stream.scheduledAt)
        self.field("startedAt", epochMilliseconds: stream.startedAt)
        self.field("endedAt", epochMilliseconds: stream.endedAt)
        self.field("deadlineAt", epochMilliseconds: stream.deadlineAt)
        self.field("estimatedSeconds", stream.estimatedSeconds)
        self.field("late", stream.isLate(at: now))
        self.key("jobCounts")
        self.beginObject()
        self.field("total", stream.jobs.total)
        self.field("successful", stream.jobs.successful)
        self.field("running", stream.jobs.running)
        self.field("abended", stream.jobs.abended)
        self.field("failed", stream.jobs.failed)
        self.field("waiting", stream.jobs.waiting)
        self.endObject()
        self.field("changedAt", epochMilliseconds: stream.changedAt)
    }
}
