import Foundation
import InboundHTTP
import JSON
import TWS

/// `/engines`, `/plan/summary`, `/plan/critical` and `/plan/resources`.
struct PlanRoutes: Sendable {
    let engines: Engines

    private static let engine = OperationDescription.Parameter("engine", in: .query, "Name of the engine.")

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/engines",
            access: .role("viewer"),
            .init(
                id: "listEngines",
                summary: "The schedulers: reachability, role, breaker, age of the plan.",
                tag: "plan",
                parameters: JobRoutes.page,
                responses: [.list("Engine")]
            ),
            handler: { try .list(self.engines.all, for: $0, id: \.name) { $0.write($1) } }
        )
        router.add(
            .GET,
            "/api/v1/plan/summary",
            access: .role("viewer"),
            .init(
                id: "getSummary",
                summary: "Counts of jobs by status, late, held, blocked and critical at risk.",
                tag: "plan",
                parameters: [
                    Self.engine,
                    .init(
                        "groupBy",
                        in: .query,
                        "Also the numbers of each.",
                        schema: Schema.oneOf(PlanSummary.Grouping.allCases.map(\.rawValue))
                    ),
                ],
                responses: [.ok("The numbers", "Summary")]
            ),
            handler: self.summary
        )
        router.add(
            .GET,
            "/api/v1/plan/critical",
            access: .role("viewer"),
            .init(
                id: "listCritical",
                summary: "Critical jobs, those at risk first, then by deadline.",
                tag: "plan",
                parameters: JobRoutes.page + [Self.engine],
                responses: [.list("Job")]
            ),
            handler: self.critical
        )
        router.add(
            .GET,
            "/api/v1/plan/resources",
            access: .role("viewer"),
            .init(
                id: "listResources",
                summary: "Resources and who holds them, as the scheduler says now.",
                tag: "plan",
                parameters: JobRoutes.page + [Self.engine],
                responses: [.list("Resource")]
            ),
            handler: self.resources
        )
    }

    @Sendable private func summary(_ request: HTTPRequest) async throws -> HTTPResponse {
        let grouping = try Self.grouping(request)
        let view = try PlanView(try self.engines.named(Set(request.query.list("engine"))))
        let summary = PlanSummary(view, by: grouping)
        return view.respond(to: request) { json in
            json.fields(of: summary.counts)
            if let now = view.parts.first?.now { json.field("engineTime", epochMilliseconds: now) }
            guard grouping != nil else { return }
            json.key("groups")
            json.beginArray()
            for group in summary.groups {
                json.beginObject()
                json.field("key", group.key)
                json.fields(of: group.counts)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func grouping(_ request: HTTPRequest) throws(HTTPProblem) -> PlanSummary.Grouping? {
        guard let text = request.query["groupBy"] else { return nil }
        guard let grouping = PlanSummary.Grouping(rawValue: text) else {
            let known = PlanSummary.Grouping.allCases.map(\.rawValue).joined(separator: " or ")
            throw HTTPProblem.invalidParameter("groupBy", "\(text): expected \(known)")
        }
        return grouping
    }

    @Sendable private func critical(_ request: HTTPRequest) async throws -> HTTPResponse {
        let page = try PageRequest(request)
        let view = try PlanView(try self.engines.named(Set(request.query.list("engine"))))
        let rows = view.parts.flatMap { part in
            part.snapshot.jobs.critical.values
                .map { JobRow(job: $0, engine: part.engine.name, now: part.now) }
        }
        return view.respond(to: request) { json in
            json.page(rows, page, key: Self.criticalKey, id: \.id) { json, row in
                json.beginObject()
                json.fields(of: row.job, engine: row.engine, now: row.now)
                let isLate = row.job.isLate(at: row.now)
                json.field("atRisk", PlanSummary.isAtRisk(row.job, isLate: isLate, now: row.now))
                json.field("criticalStartAt", epochMilliseconds: row.job.criticalStartAt)
                json.endObject()
            }
        }
    }

    private static func criticalKey(_ row: JobRow) -> [SortValue] {
        let isLate = row.job.isLate(at: row.now)
        let isAtRisk = PlanSummary.isAtRisk(row.job, isLate: isLate, now: row.now)
        return [.number(isAtRisk ? 0 : 1), .number(row.job.deadlineAt.map(Double.init) ?? .greatestFiniteMagnitude)]
    }

    @Sendable private func resources(_ request: HTTPRequest) async throws -> HTTPResponse {
        var resources: [(engine: String, resource: PlanResource)] = []
        for engine in try self.engines.named(Set(request.query.list("engine"))) {
            let found = try await engine.client.resources(
                deadline: request.context.deadline,
                requestID: request.context.requestID
            )
            resources += found.map { (engine.name, $0) }
        }
        return try .list(
            resources,
            for: request,
            id: { EngineID.external($0.resource.id, engine: $0.engine) },
            write: { json, each in json.write(each.resource, engine: each.engine) }
        )
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ engine: Engine) {
        let snapshot = engine.mirror.snapshot
        let reach = engine.client.reachability
        let age = snapshot.freshness.age()
        self.beginObject()
        self.field("name", engine.name)
        self.field("reachable", reach.isReachable)
        self.field("endpoint", reach.currentMaster)
        self.field("endpoints", reach.masters)
        self.field("role", reach.currentMaster == reach.masters.first ? "master" : "backup")
        let master = snapshot.workstations.values.first(where: \.isMaster)
        self.field("master", master?.name)
        self.field("reason", reach.error ?? snapshot.freshness.whyStale())
        self.field("breaker", reach.breaker.state)
        self.key("planAgeSeconds")
        if let age { self.value((age / .milliseconds(1)).rounded() / 1000) } else { self.null() }
        self.field("stale", snapshot.freshness.isStale())
        self.field("jobs", snapshot.jobs.count)
        self.field("engineTime", epochMilliseconds: engine.client.clock.milliseconds)
        self.endObject()
    }

    fileprivate mutating func write(_ resource: PlanResource, engine: String) {
        self.beginObject()
        self.field("id", EngineID.external(resource.id, engine: engine))
        self.field("name", resource.name)
        self.field("folder", resource.folder)
        self.field("engine", engine)
        self.field("workstation", resource.workstation)
        self.field("quantity", resource.quantity)
        self.field("quantityAvailable", resource.available)
        self.field("quantityInUse", resource.inUse)
        self.field("status", resource.status)
        self.key("holders")
        self.beginArray()
        for holder in resource.holders {
            self.beginObject()
            self.field("jobId", holder.jobID.map { EngineID.external($0, engine: engine) })
            self.field("job", holder.job)
            self.field("streamId", holder.streamID.map { EngineID.external($0, engine: engine) })
            self.field("stream", holder.stream)
            self.field("quantity", holder.quantity)
            self.endObject()
        }
        self.endArray()
        self.endObject()
    }
}
