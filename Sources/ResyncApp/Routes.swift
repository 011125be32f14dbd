import Auditing
import InboundHTTP
import Logging
import Monitoring
import Pooling
import Settings
import WebSockets

/// Every endpoint of the server, by feature; each feature's file says which role it needs.
struct Routes {
    let settings: ResyncSettings
    let effective: EffectiveSettings
    let engines: Engines
    let people: Accounts
    let trail: ActionTrail
    let export: AuditExport
    let sockets: ConnectionManager
    let pools: PoolManager
    let history: PoolHistory
    let health: HealthRegistry
    let registry: MetricsRegistry
    let logger: Logger

    private var origins: OriginPolicy { OriginPolicy(allowedOrigins: self.settings.server.allowedOrigins) }

    func router() -> Router {
        let verifier = self.people.sessions.verifier
        let isDevelopment = self.settings.environment == .development
        let actions = PlanActions(
            trail: self.trail,
            recent: RecentActions(),
            keys: IdempotencyKeys(),
            live: self.sockets,
            logger: self.logger
        )
        var router = Router()
        DashboardRoutes().register(in: &router)
        HealthRoutes(health: self.health, verifier: verifier, isOpen: isDevelopment).register(in: &router)
        SessionRoutes(sessions: self.people.sessions, trail: self.trail).register(in: &router)
        PlanRoutes(engines: self.engines).register(in: &router)
        JobRoutes(engines: self.engines, listing: JobListing()).register(in: &router)
        JobLogRoute(engines: self.engines).register(in: &router)
        JobStreamRoutes(engines: self.engines).register(in: &router)
        WorkstationRoutes(engines: self.engines).register(in: &router)
        ActionRoutes(engines: self.engines, actions: actions).register(in: &router)
        AuditRoutes(trail: self.trail, export: self.export).register(in: &router)
        SocketRoutes(
            manager: self.sockets,
            tickets: SocketTickets(),
            verifier: verifier,
            origins: self.origins,
            trail: self.trail
        ).register(in: &router)
        PoolRoutes(pools: self.pools, trail: self.trail).register(in: &router)
        MetricsRoutes(
            registry: self.registry,
            history: self.history,
            verifier: verifier,
            token: self.settings.monitoring.metricsToken
        ).register(in: &router)
        DescriptionRoutes(settings: self.effective).register(in: &router)
        return router
    }

    /// In the order a request passes them.
    var middleware: [any Middleware] {
        let trail = self.trail
        return [
            CrossOrigin(policy: self.origins),
            Authenticate(verifier: self.people.sessions.verifier) { request, user in
                // Reads refused are in the access log; refused changes belong into the trail.
                guard request.method != .GET, request.method != .HEAD else { return }
                await trail.event(
                    "access.denied",
                    target: .route(request.route?.template ?? request.path),
                    result: .denied,
                    request,
                    actor: .init(user, request)
                )
            },
        ]
    }
}
