import InboundHTTP
import TWS

/// One scheduler: how it is called, and the copy of its plan.
struct Engine: Sendable {
    let client: TWSClient
    let mirror: PlanMirror

    var name: String { self.client.settings.name }
}

/// All schedulers; the one named `default` first.
struct Engines: Sendable {
    let all: [Engine]
    let names: Set<String>

    init(_ engines: [Engine]) {
        self.all = engines
        self.names = Set(engines.map(\.name))
    }

    /// The engine and the scheduler's own id that an external id stands for; 404 when there is no such engine.
    func resolve(_ external: String) throws(HTTPProblem) -> (engine: Engine, id: String) {
        let id = EngineID(external: external, engines: self.names)
        guard let engine = self.all.first(where: { $0.name == id.engine }) else { throw HTTPProblem.notFound }
        return (engine, id.id)
    }

    /// The engines of these names, all when none is given; 400 for names that do not exist.
    func named(_ names: Set<String>) throws(HTTPProblem) -> [Engine] {
        if let unknown = names.subtracting(self.names).sorted().first {
            let known = self.names.sorted().joined(separator: ", ")
            throw HTTPProblem.invalidParameter("engine", "\(unknown): expected one of \(known)")
        }
        return names.isEmpty ? self.all : self.all.filter { names.contains($0.name) }
    }
}
