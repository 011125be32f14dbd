import Pooling

/// How a client connects, how long it waits and how much it takes.
package struct HTTPClientSettings: Sendable {
    /// A cheap request that is sent when a connection is opened and when an idle one is checked.
    ///
    /// Any answer will do. It is what makes the pool's dial, with its limit, its timeout and its error, a real one
    /// through DNS, TCP and TLS, because libcurl never reuses a connection opened for connecting only.
    package struct Probe: Sendable, Hashable {
        package var method = "HEAD"
        /// Path and query.
        package var target = "/"
        package var headers: HTTPHeaderFields = []

        package init(method: String = "HEAD", target: String = "/", headers: HTTPHeaderFields = []) {
            self.method = method
            self.target = target
            self.headers = headers
        }
    }

    /// For each origin.
    package var pool = PoolSettings(minSize: 0, maxSize: 100)
    /// Connections to one origin, when fewer than the pool's maximum.
    package var maxPerHost: Int?
    /// For a connection that has to be opened within a request; the pool's own dial has the pool's timeout.
    package var connectTimeout = Duration.seconds(5)
    /// Longest silence of the server while a response is due or under way.
    package var readTimeout = Duration.seconds(30)
    /// Longest time for a request from beginning to end, when its deadline allows more.
    package var totalTimeout = Duration.seconds(60)
    /// Certificates to trust, PEM, instead of the system's.
    package var caFile: String?
    /// Off accepts any certificate of any host: for development only.
    package var verifyTLS = true
    /// After decompression.
    package var maxBodyBytes = 32 * 1024 * 1024
    package var maxHeadBytes = 64 * 1024
    package var userAgent = "resync"
    /// Accept gzip; streamed responses are never compressed.
    package var acceptCompression = true
    /// The environment's proxies are never used.
    package var proxy: String?
    /// Nil opens connections only with the first request.
    package var probe: Probe? = Probe()

    package init() {}
}
