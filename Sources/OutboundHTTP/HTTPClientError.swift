/// Why a request got no complete response; an answer with an error status is a response, not an error.
///
/// A cancelled request throws `CancellationError` instead.
package struct HTTPClientError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The request or its URL cannot be sent as it is, or the URL belongs to no origin of this client.
        case invalidRequest
        case resolve
        case connect
        /// The handshake failed, or the certificate is not the one expected.
        case tls
        case timeout(Timeout)
        /// The connection ended before a response began.
        case connectionLost
        /// The connection ended within the response.
        case truncated
        case bodyTooLarge
        /// The other side does not speak HTTP as it should.
        case `protocol`
        /// No connection to be had; `cause` is the `PoolError`.
        case pool
        /// The client was closed, or the system refused it memory or descriptors.
        case unavailable
    }

    package enum Timeout: String, Sendable, Hashable {
        /// Resolving, TCP and TLS took too long.
        case connect
        /// Nothing came for the read timeout while the response was due.
        case read
        /// The deadline of the request has passed.
        case total
    }

    package let code: Code
    package let message: String
    /// Whether any byte of the request was handed to the system: when false the server cannot have acted on it and even
    /// a request that must not be repeated may be sent again.
    package let requestWasSent: Bool
    /// Whether a connection used before died without one byte of response, as happens when the server closes an idle
    /// connection in the moment it is used: an idempotent request may be sent again at once.
    package let connectionWasStale: Bool
    package let cause: (any Error)?

    package init(
        _ code: Code,
        _ message: String,
        requestWasSent: Bool = false,
        connectionWasStale: Bool = false,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.requestWasSent = requestWasSent
        self.connectionWasStale = connectionWasStale
        self.cause = cause
    }

    package var description: String { self.message }
}
