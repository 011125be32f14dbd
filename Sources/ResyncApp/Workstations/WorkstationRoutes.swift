import InboundHTTP
import JSON
import TWS

/// `/plan/workstations`: all of them and one.
struct WorkstationRoutes: Sendable {
    let engines: Engines

    static let id = OperationDescription.Parameter("id", in: .path, "Id of the workstation.")

    private struct Row {
        let workstation: PlanWorkstation
        let engine: String
    }

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/plan/workstations",
            access: .role("viewer"),
            .init(
                id: "listWorkstations",
                summary: "Workstations by name.",
                tag: "plan",
                parameters: JobRoutes.page + [
                    .init("name", in: .query, "Name, with @ and ?."), .init("type", in: .query, "Any of these types."),
                    .init("engine", in: .query, "Name of the engine."),
                ],
                responses: [.list("Workstation")]
            ),
            handler: self.list
        )
        router.add(
            .GET,
            "/api/v1/plan/workstations/{id}",
            access: .role("viewer"),
            .init(
                id: "getWorkstation",
                summary: "One workstation.",
                tag: "plan",
                parameters: [Self.id],
                responses: [.ok("The workstation", "Workstation")]
            ),
            handler: self.detail
        )
    }

    @Sendable private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
        let names = request.query.list("name").map(Wildcard.init)
        let types = Set(request.query.list("type"))
        let page = try PageRequest(request)
        let view = try PlanView(try self.engines.named(Set(request.query.list("engine"))))
        let rows = view.parts.flatMap { part in
            part.snapshot.workstations.values
                .filter { each in
                    (names.isEmpty || names.contains { $0.matches(each.name) })
                        && (types.isEmpty || types.contains(each.type))
                }
                .map { Row(workstation: $0, engine: part.engine.name) }
        }
        return view.respond(to: request) { json in
            json.page(
                rows,
                page,
                key: { [.text($0.workstation.name)] },
                id: { EngineID.external($0.workstation.id, engine: $0.engine) },
                write: { json, row in
                    json.beginObject()
                    json.fields(of: row.workstation, engine: row.engine)
                    json.endObject()
                }
            )
        }
    }

    @Sendable private func detail(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let view = try PlanView([engine])
        guard let workstation = view.parts.first?.snapshot.workstations[id] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The plan has no workstation \(id).")
        }
        return view.respond(to: request) { $0.fields(of: workstation, engine: engine.name) }
    }
}

extension JSONWriter {
    mutating func fields(of workstation: PlanWorkstation, engine: String) {
        self.field("id", EngineID.external(workstation.id, engine: engine))
        self.field("name", workstation.name)
        self.field("folder", workstation.folder)
        self.field("engine", engine)
        self.field("type", workstation.type)
        self.field("domain", workstation.domain)
        self.field("host", workstation.host)
        self.field("os", workstation.os)
        self.field("version", workstation.version)
        self.field("activeStates", workstation.activeStates)
        self.field("limit", workstation.limit)
        self.field("fence", workstation.fence)
        self.field("ignored", workstation.ignored)
        self.field("linked", workstation.isLinked)
        self.field("running", workstation.isRunning)
        self.field("usable", workstation.isUsable)
    }
}
