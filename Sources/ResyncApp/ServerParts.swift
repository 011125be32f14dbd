import Auditing
import Authentication
import Concurrency
import Foundation
import InboundHTTP
import KeyFiles
import Logging
import Monitoring
import NIOCore
import NIOPosix
import Pooling
import SQLite
import ServiceLifecycle
import Settings
import WebSockets

/// Everything a running server consists of.
struct ServerParts {
    let node: String
    let http: HTTPServer
    let health: HealthRegistry
    let connections: EngineConnections
    let resizablePools: [ResizablePools]
    let services: [any Service]

    init(
        _ loaded: LoadedSettings,
        _ effective: EffectiveSettings,
        _ database: SQLiteDatabase,
        _ registry: MetricsRegistry,
        _ log: LogOutput,
        _ eventLoops: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws {
        let settings = loaded.values
        let node = "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"
        let health = HealthRegistry()
        registry.addCollector(health.collector)
        let people = try await Accounts(settings, database, logger)
        let engineNames = Set(settings.engines.map(\.name))
        let verifier = people.sessions.verifier
        let sockets = ConnectionManager(
            settings: SocketSettings(settings.wsPool, server: settings.server),
            node: node,
            eventLoopGroup: eventLoops,
            logger: logger,
            topicAccess: { LiveTopics.access(to: $0, by: $1, engines: engineNames) },
            // Why a token is refused is not told to the client.
            authenticate: { token in (try? await verifier.user(of: token)).map { SocketUser($0, verifier: verifier) } }
        )
        let auditing = try AuditSetup(settings, database)
        let audit = try auditing.trail(node: node, logger: logger) { entries in
            for entry in entries { sockets.publish(topic: LiveTopics.audit, data: entry.json) }
        }
        let trail = ActionTrail(audit: audit, logger: logger)
        people.accessChanges.set { sockets.closeRevoked() }
        let epoch = String(UInt64.random(in: .min ... .max), radix: 36)
        let connections = try EngineConnections(settings, epoch: epoch, logger: logger) { engine in
            let updates = LiveUpdates(sockets: sockets, engine: engine)
            updates.begin(epoch: epoch)
            return { updates.publish($0) }
        }
        let endpoint = "\(settings.server.host):\(settings.server.port)"
        let resizable = [
            ResizablePools(database.pools) { ($0.dbPool.minSize, $0.dbPool.maxSize) },
            ResizablePools(connections.pools) { ($0.httpPool.minSize, $0.httpPool.maxSize) },
            ResizablePools([SocketPool(manager: sockets, endpoint: endpoint)]) { (0, $0.wsPool.maxSize) },
        ]
        let observed = resizable.flatMap(\.pools)
        let pools = PoolManager(observed)
        let history = PoolHistory(
            observed,
            duration: settings.monitoring.historyDuration,
            interval: settings.monitoring.historyInterval
        )
        let routes = Routes(
            settings: settings,
            effective: effective,
            engines: connections.engines,
            people: people,
            trail: trail,
            export: auditing.export,
            sockets: sockets,
            pools: pools,
            history: history,
            health: health,
            registry: registry,
            logger: logger
        )
        self.http = try HTTPServer(
            settings: HTTPServerSettings(settings.server),
            router: routes.router(),
            middleware: routes.middleware,
            logger: logger,
            accessLog: RequestLog(log, logger: logger.label),
            eventLoopGroup: eventLoops,
            errorMapping: ErrorResponder.problem
        )
        self.node = node
        self.health = health
        self.connections = connections
        self.resizablePools = resizable
        // In the order of starting; stopping goes from the last to the first.
        self.services =
            [audit, people.sessions, history] + connections.clients
            + connections.engines.all.map(\.mirror) + [
                LiveFigures(engines: connections.engines, pools: pools, sockets: sockets),
                HealthReports(health: health, engines: connections.engines, pools: pools, audit: audit), sockets,
                self.http, Readiness(health: health),
            ]
    }

    /// Ends the threads; nothing may run on them any more.
    func stop(_ eventLoops: MultiThreadedEventLoopGroup) async {
        self.connections.stop()
        // Fails only when it has been shut down already.
        try? await eventLoops.shutdownGracefully()
    }
}
