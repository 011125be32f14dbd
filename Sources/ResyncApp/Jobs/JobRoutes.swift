import InboundHTTP
import JSON
import NIOCore
import NIOHTTP1
import TWS

/// `/plan/jobs`: lists, one job, its runs and its neighbours.
struct JobRoutes: Sendable {
    let engines: Engines
    let listing: JobListing

    static let id = OperationDescription.Parameter("id", in: .path, "Id of the job.")
    static let page: [OperationDescription.Parameter] = [
        .init("limit", in: .query, "Rows of a page, 1 to 1000.", schema: Schema.integer),
        .init("cursor", in: .query, "nextCursor of the page before."),
    ]
    private static let sort = OperationDescription.Parameter(
        "sort",
        in: .query,
        "Keys separated by commas, descending after a -.",
        schema: Schema.string
    )
    private static let depth = OperationDescription.Parameter(
        "depth",
        in: .query,
        "How many steps away, 1 to 10.",
        schema: Schema.integer
    )

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/plan/jobs",
            access: .role("viewer"),
            .init(
                id: "listJobs",
                summary: "Jobs of the plan; text/csv exports all that match.",
                tag: "plan",
                parameters: JobFilter.parameters + Self.page + [Self.sort],
                responses: [
                    .init(
                        200,
                        "A page",
                        content: [.init(schema: Schema.list(of: "Job")), .init("text/csv", schema: Schema.string)]
                    )
                ]
            ),
            immediateHandler: self.list
        )
        self.add(
            "",
            id: "getJob",
            "One job and what may be done with it now.",
            .ok("The job", "JobDetail"),
            in: &router
        ) {
            try self.detail($0)
        }
        self.add("/runs", id: "listRuns", "All runs of a job.", .list("Run"), parameters: Self.page, in: &router) {
            try await self.runs($0)
        }
        for direction in [TWSClient.Direction.predecessors, .successors] {
            self.add(
                "/\(direction.rawValue)",
                id: direction == .predecessors ? "listPredecessors" : "listSuccessors",
                "What comes \(direction == .predecessors ? "before" : "after") a job.",
                .list("Neighbour"),
                parameters: Self.page + [Self.depth],
                in: &router
            ) { try await self.neighbours($0, direction) }
        }
    }

    private func add(
        _ path: String,
        id: String,
        _ summary: String,
        _ response: OperationDescription.Response,
        parameters: [OperationDescription.Parameter] = [],
        in router: inout Router,
        handler: @escaping RouteHandler
    ) {
        router.add(
            .GET,
            "/api/v1/plan/jobs/{id}\(path)",
            access: .role("viewer"),
            .init(id: id, summary: summary, tag: "plan", parameters: [Self.id] + parameters, responses: [response]),
            handler: handler
        )
    }

    @Sendable private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        let query = try self.listing.query(of: request)
        let view = try PlanView(try self.engines.named(query.filter.engines))
        if request.accepts("text/csv", insteadOf: "application/json") {
            return JobCSV.response(self.listing.rows(view, query.filter, query.order))
        }
        let page = self.listing.page(of: query, in: view)
        return view.respond(to: request, tag: page.tag, capacity: 1_024 + page.rows.count * 640) { json in
            json.key("items")
            json.beginArray()
            for row in page.rows {
                let now = view.now(of: row.engine)
                json.raw { row.job.append(to: &$0, engine: row.engine, now: now) }
            }
            json.endArray()
            json.raw(page.ending)
        }
    }

    private func detail(_ request: HTTPRequest) throws -> HTTPResponse {
        let (view, row) = try self.job(of: request)
        return view.respond(to: request) { json in
            json.fields(of: row.job, engine: row.engine, now: row.now)
            json.field("allowedActions", JobAction.allowed(for: row.job).map(\.rawValue))
        }
    }

    /// The job of the path as the mirror has it; 404 when the plan does not contain it.
    private func job(of request: HTTPRequest) throws -> (PlanView, JobRow) {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let view = try PlanView([engine])
        guard let part = view.parts.first, let job = part.snapshot.jobs[id] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The plan has no job \(id).")
        }
        return (view, JobRow(job: job, engine: engine.name, now: part.now))
    }

    private func runs(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let detail = try await engine.client.job(
            id: id,
            deadline: request.context.deadline,
            requestID: request.context.requestID
        )
        return try .list(detail.runs, for: request, id: \.id) { $0.write($1) }
    }

    private func neighbours(_ request: HTTPRequest, _ direction: TWSClient.Direction) async throws -> HTTPResponse {
        let depth = try request.query.int("depth", in: 1...10) ?? 1
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let nodes = try await engine.client.neighbours(
            ofJob: id,
            direction,
            depth: depth,
            deadline: request.context.deadline,
            requestID: request.context.requestID
        )
        let now = engine.client.clock.milliseconds
        return try .list(nodes, for: request, id: \.id) { $0.write($1, engine: engine.name, now: now) }
    }
}

extension HTTPRequest {
    /// Whether the client asks for `type` and not for `other`; a missing Accept header asks for everything.
    func accepts(_ type: String, insteadOf other: String) -> Bool {
        guard self.headers.contains(name: "accept") else { return false }
        let accepted = self.headers[canonicalForm: "accept"].map { $0.prefix { $0 != ";" } }
        return accepted.contains { $0 == type[...] } && !accepted.contains { $0 == other[...] }
    }
}

extension PlanNode {
    fileprivate var id: String {
        switch self {
        case .job(let job): job.id
        case .stream(let stream): stream.id
        }
    }
}

extension JSONWriter {
    mutating func write(_ node: PlanNode, engine: String, now: Int64) {
        self.beginObject()
        switch node {
        case .job(let job):
            self.field("kind", "job")
            self.fields(of: job, engine: engine, now: now)
        case .stream(let stream):
            self.field("kind", "jobstream")
            self.fields(of: stream, engine: engine, now: now)
        }
        self.endObject()
    }
}
