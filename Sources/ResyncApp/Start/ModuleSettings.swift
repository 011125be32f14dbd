import Authentication
import InboundHTTP
import OutboundHTTP
import Pooling
import Resilience
import SQLite
import Settings
import TWS
import WebSockets

// How the sections of the settings become the settings of the modules.

extension PoolSettings {
    init(_ section: PoolSection) {
        self.init(minSize: section.minSize, maxSize: section.maxSize)
        self.acquireTimeout = section.acquireTimeout
        self.connectTimeout = section.connectTimeout
        self.idleTimeout = section.idleTimeout
        self.maxLifetime = section.maxLifetime
        self.lifetimeJitter = section.maxLifetimeJitter
        self.healthCheckInterval = section.healthCheckInterval
        self.keepaliveInterval = section.keepaliveInterval
        self.leakDetectionThreshold = section.leakDetectionThreshold
        self.maxWaiters = section.maxWaiters
        self.maxConcurrentConnects = section.maxConcurrentConnects
    }
}

extension DatabasePoolSettings {
    init(_ section: PoolSection, createsMissingFile: Bool) {
        self.init()
        self.pool = PoolSettings(section)
        self.statementTimeout = section.statementTimeout
        self.lockTimeout = section.acquireTimeout
        self.createsMissingFile = createsMissingFile
    }
}

extension HTTPClientSettings {
    init(_ engine: TWSSection, pool: PoolSection) {
        self.init()
        self.pool = PoolSettings(pool)
        self.connectTimeout = pool.connectTimeout
        self.readTimeout = pool.readTimeout
        self.totalTimeout = pool.statementTimeout
        self.caFile = engine.caFile
        self.verifyTLS = engine.verifyTLS
    }
}

extension TWSEngineSettings {
    init(_ engine: TWSSection, pool: PoolSection) {
        self.init(name: engine.name, urls: engine.urls.map(\.revealed), credentials: TWSCredentials(engine))
        self.pollInterval = engine.pollInterval
        self.sweepInterval = engine.sweepInterval
        self.maximumLogRequests = engine.maxLogRequests
        self.requestTimeout = pool.statementTimeout
        self.retry.attempts = pool.retry.attempts
        self.breaker.window = pool.breaker.window
        self.breaker.minimumCalls = pool.breaker.minimumCalls
        self.breaker.failureRate = pool.breaker.failureRate
        self.breaker.slowRate = pool.breaker.slowRate
        self.breaker.slowCall = pool.breaker.slowThreshold
        self.breaker.openTime = pool.breaker.openTime
        self.breaker.maximumOpenTime = pool.breaker.maxOpenTime
    }
}

extension TWSCredentials {
    fileprivate init(_ engine: TWSSection) {
        if let token = engine.token {
            self = .bearer(token.revealed)
        } else if let username = engine.username, let password = engine.password {
            self = .basic(username: username, password: password.revealed)
        } else {
            self = .none
        }
    }
}

extension SocketSettings {
    init(_ section: WebSocketPoolSection, server: ServerSection) {
        self.init()
        self.maximumConnections = section.maxSize
        self.idleTimeout = section.idleTimeout
        self.pingInterval = section.pingInterval
        self.pongTimeout = section.pongTimeout
        self.maximumDuration = section.maxConnectionDuration
        self.maximumMessageBytes = section.maxMessageBytes
        self.outboundQueueMessages = section.outboundQueueMessages
        self.outboundQueueBytes = section.outboundQueueBytes
        self.maximumPerUser = section.maxPerUser
        self.maximumPerAddress = section.maxPerAddress
        self.cleanupInterval = section.cleanupInterval
        self.historyEventsPerTopic = section.topicHistory
        self.drainTimeout = server.drainTimeout
    }
}

extension HTTPServerSettings {
    init(_ section: ServerSection) {
        self.init(host: section.host, port: section.port)
        self.maxConnections = section.maxConnections
        self.trustedProxies = section.trustedProxies
        self.requestDeadline = section.requestDeadline
        self.drainGrace = section.drainGrace
        self.drainTimeout = section.drainTimeout
        self.limits.headBytes = section.maxHeadBytes
        self.limits.bodyBytes = section.maxBodyBytes
        self.limits.headTime = section.headTimeout
        self.limits.idleTime = section.keepAliveTimeout
        self.tls = HTTPServerTLS(section)
        self.responseHeaders = [
            ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
        ]
    }
}

extension HTTPServerTLS {
    /// Nil for plain HTTP.
    init?(_ section: ServerSection) {
        guard let certificate = section.tlsCertificate, let key = section.tlsKey else { return nil }
        self.init(certificateFile: certificate, keyFile: key)
    }
}

extension AuthenticationSettings {
    init(_ section: AuthSection) {
        self.init()
        self.accessTokenLifetime = section.accessTokenLifetime
        self.refreshTokenLifetime = section.refreshTokenLifetime
    }
}
