import Concurrency
import Logging
import Pooling
import Reactor

/// The connections to one origin.
final class OriginPool: Sendable {
    /// Lets the driver's closures reach the pool they belong to without keeping it.
    private struct PoolReference {
        weak var pool: Pool<HTTPConnection>?
    }

    let origin: HTTPOrigin
    let pool: Pool<HTTPConnection>
    let metrics: RequestMetrics

    init(
        origin: HTTPOrigin,
        name: String,
        role: String,
        settings: HTTPClientSettings,
        reactor: Reactor,
        resolver: HostResolver,
        logger: Logger
    ) throws(HTTPClientError) {
        let reference = LockedReference()
        var poolSettings = settings.pool
        // Who asks may have another origin to turn to, and is told at once that this one cannot be reached.
        poolSettings.outageGrace = .zero
        if let limit = settings.maxPerHost {
            poolSettings.maxSize = min(poolSettings.maxSize, limit)
            poolSettings.minSize = min(poolSettings.minSize, poolSettings.maxSize)
        }
        var probe: CurlRequest?
        if let settingsOfProbe = settings.probe {
            let url = try HTTPURL(origin.description + settingsOfProbe.target)
            probe = CurlRequest(settingsOfProbe, url: url, settings: settings)
        }
        var driver = PoolDriver<HTTPConnection>(
            connect: { [probe] context in
                let addresses = try await resolver.addresses(of: origin.host, deadline: context.deadline)
                let connection = HTTPConnection(
                    origin: origin,
                    addresses: addresses,
                    settings: settings,
                    reactor: reactor,
                    onIdleEnd: { error in reference.pool?.connectionFailed(context.id, error: error) }
                )
                if let probe {
                    do {
                        _ = try await connection.respond(to: probe, deadline: context.deadline)
                    } catch {
                        await connection.close()
                        throw error
                    }
                }
                return connection
            },
            close: { connection in await connection.close() },
            isUsable: { connection in connection.isUsable }
        )
        if let probe {
            driver.check = { connection, deadline in _ = try await connection.respond(to: probe, deadline: deadline) }
        }
        self.origin = origin
        self.metrics = RequestMetrics(origin: origin)
        self.pool = Pool(
            name: name,
            kind: "http",
            endpoint: origin.description,
            role: role,
            settings: poolSettings,
            driver: driver,
            logger: logger
        )
        reference.set(self.pool)
    }

    private final class LockedReference: Sendable {
        private let reference = Locked(PoolReference())

        var pool: Pool<HTTPConnection>? { self.reference.withLock { $0.pool } }

        func set(_ pool: Pool<HTTPConnection>) {
            self.reference.withLock { $0.pool = pool }
        }
    }
}
