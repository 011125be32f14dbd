/// Ids of plan objects towards clients: the scheduler's own on the engine `default`, `<engine>~<id>` on others.
struct EngineID: Sendable, Hashable {
    let engine: String
    /// The scheduler's own id.
    let id: String

    /// Takes an external id apart; what stands before a `~` counts as engine only if there is one of that name.
    init(external: String, engines: some Collection<String>) {
        if let separator = external.firstIndex(of: "~") {
            let engine = String(external[..<separator])
            if engines.contains(engine) {
                self.engine = engine
                self.id = String(external[external.index(after: separator)...])
                return
            }
        }
        self.engine = "default"
        self.id = external
    }

    static func external(_ id: String, engine: String) -> String {
        engine == "default" ? id : "\(engine)~\(id)"
    }
}
