/// The settings of a pool as the machine computes with them: durations in nanoseconds, `.max` for never.
struct PoolLimits: Hashable, Sendable {
    var minSize: Int
    var maxSize: Int
    var maxWaiters: Int
    var maxConcurrentConnects: Int
    var connectTimeout: Int64
    var idleTimeout: Int64
    var maxLifetime: Int64
    var lifetimeJitter: Double
    var healthCheckInterval: Int64
    var keepaliveInterval: Int64
    var checkTimeout: Int64
    var leakDetectionThreshold: Int64
    var connectBackoffBase: Int64
    var connectBackoffLimit: Int64
    var outageGrace: Int64
    var closeTimeout: Int64
    /// Whether the driver can check a connection and reset one; without, neither is asked for.
    var canCheck: Bool
    var mustReset: Bool

    init(_ settings: PoolSettings, canCheck: Bool, mustReset: Bool) {
        func orNever(_ duration: Duration) -> Int64 { duration <= .zero ? .max : duration.wholeNanoseconds }
        self.minSize = max(0, min(settings.minSize, settings.maxSize))
        self.maxSize = max(1, settings.maxSize)
        self.maxWaiters = max(0, settings.maxWaiters)
        self.maxConcurrentConnects = max(1, settings.maxConcurrentConnects)
        self.connectTimeout = orNever(settings.connectTimeout)
        self.idleTimeout = orNever(settings.idleTimeout)
        self.maxLifetime = orNever(settings.maxLifetime)
        self.lifetimeJitter = min(max(settings.lifetimeJitter, 0), 1)
        self.healthCheckInterval = canCheck ? orNever(settings.healthCheckInterval) : .max
        self.keepaliveInterval = canCheck ? orNever(settings.keepaliveInterval) : .max
        self.checkTimeout = orNever(settings.checkTimeout)
        self.leakDetectionThreshold = orNever(settings.leakDetectionThreshold)
        self.connectBackoffBase = max(1, settings.connectBackoffBase.wholeNanoseconds)
        self.connectBackoffLimit = max(1, settings.connectBackoffLimit.wholeNanoseconds)
        self.outageGrace = max(0, settings.outageGrace.wholeNanoseconds)
        self.closeTimeout = orNever(settings.closeTimeout)
        self.canCheck = canCheck
        self.mustReset = mustReset
    }
}
