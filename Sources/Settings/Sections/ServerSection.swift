/// `[server]`: the listener and the life of a request.
package struct ServerSection: Sendable {
    package let host: String
    /// 0 lets the system choose, for tests.
    package let port: Int
    package let allowedOrigins: [String]
    package let trustedProxies: [String]
    package let tlsCertificate: String?
    package let tlsKey: String?
    package let requestDeadline: Duration
    package let headTimeout: Duration
    package let keepAliveTimeout: Duration
    package let maxHeadBytes: Int
    package let maxBodyBytes: Int
    package let maxConnections: Int
    /// Nil: one per core.
    package let eventLoops: Int?
    package let drainGrace: Duration
    package let drainTimeout: Duration

    init(_ reader: inout SettingsReader) {
        reader.begin("server", "The listener and the life of a request.")
        self.host = reader.value(
            .init("host", "Address to listen on. `0.0.0.0` and `::` listen on every interface."),
            .hostName,
            default: "127.0.0.1"
        )
        self.port = reader.value(
            .init("port", "Port to listen on; 0 lets the system choose."),
            .integer(0...65_535),
            default: 8000
        )
        self.allowedOrigins = reader.value(
            .init(
                "allowed_origins",
                "Origins of other sites whose pages may call the API. The server's own is always allowed."
            ),
            .list(of: .origin),
            default: []
        )
        self.trustedProxies = reader.value(
            .init(
                "trusted_proxies",
                "Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."
            ),
            .list(of: .network),
            default: []
        )
        self.tlsCertificate = reader.optional(
            .init(
                "tls_certificate",
                "PEM file with the certificate and its chain. Unset: plain HTTP.",
                reloadable: true
            ),
            .path
        )
        self.tlsKey = reader.optional(
            .init("tls_key", "PEM file with the private key of `tls_certificate`.", reloadable: true),
            .path
        )
        self.requestDeadline = reader.value(
            .init("request_deadline", "By when a request is answered, whatever it waits for."),
            .duration(.milliseconds(100)...(.seconds(600))),
            default: .seconds(15)
        )
        self.headTimeout = reader.value(
            .init("head_timeout", "By when a client has sent the whole head of a request."),
            .duration(.milliseconds(100)...(.seconds(300))),
            default: .seconds(10)
        )
        self.keepAliveTimeout = reader.value(
            .init("keep_alive_timeout", "How long a connection may idle between two requests."),
            .duration(.seconds(1)...(.seconds(3600))),
            default: .seconds(75)
        )
        self.maxHeadBytes = reader.value(
            .init("max_head_bytes", "Longest request line and headers together."),
            .size(1024...1_048_576),
            default: 32 * 1024
        )
        self.maxBodyBytes = reader.value(
            .init("max_body_bytes", "Longest request body."),
            .size(1024...1_073_741_824),
            default: 1024 * 1024
        )
        self.maxConnections = reader.value(
            .init("max_connections", "Open connections, WebSockets included; more wait in the listen queue."),
            .integer(1...1_000_000),
            default: 25_000
        )
        let eventLoops = reader.value(
            .init("event_loops", "Threads that serve connections; 0 for one per core."),
            .integer(0...256),
            default: 0
        )
        self.eventLoops = eventLoops == 0 ? nil : eventLoops
        self.drainGrace = reader.value(
            .init("drain_grace", "After SIGTERM: how long requests are still accepted while load balancers notice."),
            .duration(.zero...(.seconds(300))),
            default: .seconds(10)
        )
        self.drainTimeout = reader.value(
            .init("drain_timeout", "After the grace: how long running requests and sockets may take to finish."),
            .duration(.zero...(.seconds(600))),
            default: .seconds(30)
        )
        self.check(&reader)
    }

    private func check(_ reader: inout SettingsReader) {
        reader.check(
            (self.tlsCertificate == nil) == (self.tlsKey == nil),
            self.tlsCertificate == nil ? "tls_certificate" : "tls_key",
            "tls_certificate",
            "tls_key",
            expected: "server.tls_certificate and server.tls_key to be given together"
        )
        reader.check(
            self.headTimeout <= self.requestDeadline,
            "head_timeout",
            "request_deadline",
            expected: "at most server.request_deadline (\(DurationFormat.write(self.requestDeadline)))"
        )
        let environment = reader.environment
        let isLoopback = self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
        reader.check(
            !environment.isExposed || isLoopback || self.tlsCertificate != nil || !self.trustedProxies.isEmpty,
            "host",
            "tls_certificate",
            "trusted_proxies",
            expected: "a loopback address, or server.tls_certificate, or server.trusted_proxies naming the proxy that "
                + "ends TLS: passwords and tokens must not travel unprotected in \(environment.rawValue)"
        )
    }
}
