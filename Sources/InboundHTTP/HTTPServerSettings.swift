import NIOCore

/// Everything the listener can be told; the defaults are those of a server that faces strangers.
package struct HTTPServerSettings: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose; the choice is in `HTTPServer.boundAddress`.
    package var port = 8000
    package var backlog: Int32 = 4096
    /// Sockets of this listener, upgraded ones included; beyond it the listener stops accepting until one closes.
    package var maxConnections = 25_000
    package var tls: HTTPServerTLS?
    /// Addresses or CIDR blocks whose `X-Forwarded-For` is believed.
    package var trustedProxies: [String] = []

    package var limits = HTTPLimits()
    package var requestDeadline: Duration = .seconds(15)
    package var drainGrace: Duration = .seconds(0)
    package var drainTimeout: Duration = .seconds(5)

    /// The smallest body that is compressed; nil switches compression off.
    package var compressionThreshold: Int? = 1_024
    /// Fields added to every answer, for example the security headers.
    package var responseHeaders: [(name: String, value: String)] = []

    package init() {}

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// Where the certificate chain and its key lie, both PEM; read at start and at every `HTTPServer.reloadTLS`.
package struct HTTPServerTLS: Sendable, Hashable {
    package var certificateFile: String
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// What one connection may cost before it is refused.
package struct HTTPLimits: Sendable {
    /// Longer request targets are answered with 414.
    package var targetBytes = 8_192
    /// One field, name and value; more is answered with 431, as are the two below.
    package var fieldBytes = 16_384
    package var headBytes = 65_536
    package var fieldCount = 100
    /// For routes without a limit of their own; more is answered with 413.
    package var bodyBytes = 1_048_576
    /// Body held for a handler that does not take it; reading from the socket pauses above it.
    package var bufferedBodyBytes = 65_536
    /// Requests parsed ahead of the one being answered; reading pauses above it.
    package var pipelinedRequests = 16

    /// From the first byte of a head to its last, however busily it trickles.
    package var headTime: Duration = .seconds(10)
    /// Without a request in progress.
    package var idleTime: Duration = .seconds(75)
    /// Bytes a second that a body must bring on average once `bodyGrace` has passed.
    package var bodyRate = 500
    package var bodyGrace: Duration = .seconds(5)
    /// Without a byte taken by a client that has an answer waiting.
    package var writeStallTime: Duration = .seconds(30)
    /// From the end of an answer after which we close to the close itself, so that the answer is not lost to a reset.
    package var lingerTime: Duration = .seconds(2)

    package init() {}
}
