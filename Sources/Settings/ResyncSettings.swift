/// Every setting, typed and valid.
package struct ResyncSettings: Sendable {
    package let environment: DeploymentEnvironment
    package let server: ServerSection
    package let database: DatabaseSection
    package let dbPool: PoolSection
    package let redis: RedisSection
    package let redisPool: PoolSection
    package let httpPool: PoolSection
    /// The one of `[tws]`, named `default`, first; then those of `[tws.engines.NAME]` by name.
    package let engines: [TWSSection]
    package let wsPool: WebSocketPoolSection
    package let cache: CacheSection
    package let audit: AuditSection
    package let auth: AuthSection
    package let resilience: ResilienceSection
    package let monitoring: MonitoringSection
    package let alerts: AlertsSection
    package let logging: LoggingSection

    init(_ reader: inout SettingsReader, engineNames: [String]) {
        self.environment = reader.environment
        self.server = ServerSection(&reader)
        self.database = DatabaseSection(&reader)
        self.dbPool = PoolSection(&reader, .database)
        self.redis = RedisSection(&reader)
        self.redisPool = PoolSection(&reader, .redis)
        self.httpPool = PoolSection(&reader, .http)
        self.engines = (["default"] + engineNames).map { TWSSection(&reader, name: $0) }
        self.wsPool = WebSocketPoolSection(&reader)
        self.cache = CacheSection(&reader)
        self.audit = AuditSection(&reader)
        self.auth = AuthSection(&reader)
        self.resilience = ResilienceSection(&reader)
        self.monitoring = MonitoringSection(&reader)
        self.alerts = AlertsSection(&reader)
        self.logging = LoggingSection(&reader)
        self.check(&reader)
    }

    /// What must hold between sections.
    private func check(_ reader: inout SettingsReader) {
        let pools = [("db_pool", self.dbPool), ("redis_pool", self.redisPool), ("http_pool", self.httpPool)]
        for (section, pool) in pools {
            reader.check(
                pool.acquireTimeout < self.server.requestDeadline,
                "\(section).acquire_timeout",
                "server.request_deadline",
                expected: "less than server.request_deadline (\(DurationFormat.write(self.server.requestDeadline)))"
            )
        }
        reader.check(
            self.wsPool.maxSize <= self.server.maxConnections,
            "ws_pool.max_size",
            "server.max_connections",
            expected: "at most server.max_connections (\(self.server.maxConnections))"
        )
    }
}

extension PoolSection.Kind {
    fileprivate static let database = Self(
        section: "db_pool",
        documentation: "Connections to the database.",
        minSize: 5,
        maxSize: 20,
        isUsed: true
    )
    fileprivate static let redis = Self(
        section: "redis_pool",
        documentation: "Connections to Redis.",
        minSize: 5,
        maxSize: 20,
        isUsed: false
    )
    fileprivate static let http = Self(
        section: "http_pool",
        documentation: "Connections to each TWS engine.",
        minSize: 10,
        maxSize: 100,
        isUsed: true
    )
}
