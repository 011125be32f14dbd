/// `[db_pool]`, `[redis_pool]`, `[http_pool]`: how many connections, how long they live and how failures are met.
package struct PoolSection: Sendable {
    package let minSize: Int
    package let maxSize: Int
    package let acquireTimeout: Duration
    package let connectTimeout: Duration
    package let statementTimeout: Duration
    package let readTimeout: Duration
    package let writeTimeout: Duration
    package let idleTimeout: Duration
    package let maxLifetime: Duration
    /// A share of `maxLifetime`, 0 to 0.5.
    package let maxLifetimeJitter: Double
    package let healthCheckInterval: Duration
    package let keepaliveInterval: Duration
    package let leakDetectionThreshold: Duration
    package let maxWaiters: Int
    package let queueTargetDelay: Duration
    package let maxConcurrentConnects: Int
    package let retry: RetryKeys
    package let breaker: BreakerKeys

    /// What differs between the three pools.
    struct Kind {
        let section: String
        let documentation: String
        let minSize: Int
        let maxSize: Int
        let isUsed: Bool
    }

    init(_ reader: inout SettingsReader, _ kind: Kind) {
        reader.begin(kind.section, kind.documentation)
        let used = kind.isUsed
        self.minSize = reader.value(
            .init("min_size", "Connections kept open even when idle.", reloadable: true, used: used),
            .integer(0...1000),
            default: kind.minSize
        )
        self.maxSize = reader.value(
            .init(
                "max_size",
                "Most connections at any time; SQLite always has one writer, the rest are readers.",
                reloadable: true,
                used: used
            ),
            .integer(1...1000),
            default: kind.maxSize
        )
        self.acquireTimeout = reader.value(
            .init("acquire_timeout", "Longest wait for a free connection.", used: used),
            .duration(.milliseconds(1)...(.seconds(600))),
            default: .seconds(5)
        )
        self.connectTimeout = reader.value(
            .init("connect_timeout", "Name resolution, TCP, TLS, authentication and role check together.", used: used),
            .duration(.milliseconds(1)...(.seconds(600))),
            default: .seconds(5)
        )
        self.statementTimeout = reader.value(
            .init("statement_timeout", "Longest time one statement, command or request may take.", used: used),
            .duration(.milliseconds(1)...(.seconds(3600))),
            default: .seconds(30)
        )
        self.readTimeout = reader.value(
            .init("read_timeout", "Longest silence while an answer is awaited.", used: used),
            .duration(.milliseconds(1)...(.seconds(3600))),
            default: .seconds(30)
        )
        self.writeTimeout = reader.value(
            .init("write_timeout", "Longest time a peer may leave what is sent unread.", used: used),
            .duration(.milliseconds(1)...(.seconds(3600))),
            default: .seconds(30)
        )
        self.idleTimeout = reader.value(
            .init("idle_timeout", "Idle connections above `min_size` are closed after this.", used: used),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(300)
        )
        self.maxLifetime = reader.value(
            .init("max_lifetime", "Connections are replaced after this, whatever their state.", used: used),
            .duration(.seconds(1)...(.seconds(604_800))),
            default: .seconds(1800)
        )
        self.maxLifetimeJitter = reader.value(
            .init(
                "max_lifetime_jitter",
                "Share by which `max_lifetime` varies, so that not all end together.",
                used: used
            ),
            .percent(0...50),
            default: 0.1
        )
        self.healthCheckInterval = reader.value(
            .init("health_check_interval", "How often the backend is asked whether it is well.", used: used),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(30)
        )
        self.keepaliveInterval = reader.value(
            .init(
                "keepalive_interval",
                "How often an idle connection is used, so that nothing on the way forgets it.",
                used: used
            ),
            .duration(.milliseconds(100)...(.seconds(3600))),
            default: .seconds(60)
        )
        self.leakDetectionThreshold = reader.value(
            .init(
                "leak_detection_threshold",
                "A connection held longer is reported with its holder; `0s` for never.",
                used: used
            ),
            .duration(.zero...(.seconds(86_400))),
            default: .seconds(60)
        )
        self.maxWaiters = reader.value(
            .init("max_waiters", "Most tasks waiting for a connection; more are refused at once.", used: used),
            .integer(0...1_000_000),
            default: 1000
        )
        self.queueTargetDelay = reader.value(
            .init("queue_target_delay", "Wait above which the queue counts as overloaded.", used: false),
            .duration(.milliseconds(1)...(.seconds(60))),
            default: .milliseconds(50)
        )
        self.maxConcurrentConnects = reader.value(
            .init("max_concurrent_connects", "Most connections being opened at the same time.", used: used),
            .integer(1...256),
            default: 4
        )
        self.retry = RetryKeys(&reader, used: used)
        self.breaker = BreakerKeys(&reader, used: used)
        self.check(&reader)
    }

    private func check(_ reader: inout SettingsReader) {
        reader.check(
            self.maxSize >= self.minSize,
            "max_size",
            "min_size",
            expected: "at least min_size (\(self.minSize))"
        )
        reader.check(
            self.idleTimeout < self.maxLifetime,
            "idle_timeout",
            "max_lifetime",
            expected: "less than max_lifetime (\(DurationFormat.write(self.maxLifetime)))"
        )
        reader.check(
            self.maxConcurrentConnects <= self.maxSize,
            "max_concurrent_connects",
            "max_size",
            expected: "at most max_size (\(self.maxSize))"
        )
    }
}
