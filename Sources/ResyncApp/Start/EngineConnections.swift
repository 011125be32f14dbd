import Logging
import OutboundHTTP
import Pooling
import Reactor
import Settings
import TWS

/// The engines of the settings with everything that runs for them.
struct EngineConnections: Sendable {
    let engines: Engines
    let clients: [HTTPClient]
    let reactor: Reactor
    private let dialThreads: DialThreads

    /// Starts the reactor; nothing is dialled before the clients run.
    ///
    /// `changes` gives each mirror the way its changes go.
    init(
        _ settings: ResyncSettings,
        epoch: String,
        logger: Logger,
        changes: (String) -> @Sendable (PlanChange) -> Void
    ) throws {
        let reactor = try Reactor(name: "reactor")
        try reactor.start()
        let dialThreads = try DialThreads(reactor: reactor)
        self.reactor = reactor
        self.dialThreads = dialThreads
        var clients: [HTTPClient] = []
        var engines: [Engine] = []
        for section in settings.engines {
            let engine = TWSEngineSettings(section, pool: settings.httpPool)
            let http = try HTTPClient(
                origins: engine.origins,
                settings: HTTPClientSettings(section, pool: settings.httpPool),
                poolName: "tws.\(section.name)",
                reactor: reactor,
                dialThreads: dialThreads,
                logger: logger
            )
            let client = TWSClient(settings: engine, http: http, logger: logger)
            let mirror = PlanMirror(client: client, epoch: epoch, logger: logger, changes: changes(section.name))
            clients.append(http)
            engines.append(Engine(client: client, mirror: mirror))
        }
        self.clients = clients
        self.engines = Engines(engines)
    }

    /// With the breaker of the engine each belongs to.
    var pools: [any ObservablePool] {
        zip(self.engines.all, self.clients).flatMap { engine, client in
            client.pools.map { GuardedPool(pool: $0, breaker: engine.client.breaker) }
        }
    }

    func stop() {
        self.dialThreads.stop()
        self.reactor.stop()
    }
}
