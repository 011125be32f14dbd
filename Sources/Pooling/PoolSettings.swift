/// How large a pool is and how long it waits for what.
///
/// A duration of zero switches off idle and lifetime retirement, checks and leak detection.
package struct PoolSettings: Sendable, Hashable {
    /// Connections kept open without demand.
    package var minSize = 5
    package var maxSize = 20
    /// Longest wait for a connection; an earlier deadline of the caller wins.
    package var acquireTimeout = Duration.seconds(5)
    /// Covers everything until a connection can be lent: name resolution, TCP, TLS, authentication.
    package var connectTimeout = Duration.seconds(5)
    /// A connection unused for this long is closed unless `minSize` needs it.
    package var idleTimeout = Duration.seconds(300)
    /// A connection older than this is closed as soon as nobody uses it, so that new servers get their share.
    package var maxLifetime = Duration.seconds(1800)
    /// The part of `maxLifetime` by which a lifetime is shortened at random, so that connections opened together do
    /// not end together.
    package var lifetimeJitter = 0.1
    /// How often the pool as a whole checks one of its idle connections.
    package var healthCheckInterval = Duration.seconds(30)
    /// A connection idle for this long is checked, before a firewall forgets it.
    package var keepaliveInterval = Duration.seconds(60)
    /// Longest time for a check or a reset.
    package var checkTimeout = Duration.seconds(2)
    /// A lease held for longer is reported, once.
    package var leakDetectionThreshold = Duration.seconds(60)
    /// Further acquirers are refused.
    package var maxWaiters = 1000
    package var maxConcurrentConnects = 4
    /// After failures in a row the next attempt waits a random time up to this, doubled with each failure.
    package var connectBackoffBase = Duration.milliseconds(50)
    package var connectBackoffLimit = Duration.seconds(1)
    /// When no connection exists and dialling has failed for this long, acquirers are refused at once with the cause.
    package var outageGrace = Duration.seconds(3)
    /// How long a stopping pool waits for its leases before it closes their connections all the same.
    package var drainTimeout = Duration.seconds(5)
    /// Longest time for closing one connection.
    package var closeTimeout = Duration.seconds(2)

    package init() {}

    package init(minSize: Int, maxSize: Int) {
        self.minSize = minSize
        self.maxSize = maxSize
    }
}
