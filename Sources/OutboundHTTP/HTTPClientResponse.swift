/// Status and header fields of a response.
package struct HTTPResponseHead: Sendable, Hashable {
    package let status: Int
    /// Without `Content-Encoding` and `Content-Length` when the body was decompressed, because they describe what is not
    /// there any more.
    package internal(set) var headers: HTTPHeaderFields
}

/// A complete response.
package struct HTTPClientResponse: Sendable {
    package let head: HTTPResponseHead
    /// Decompressed.
    package let body: [UInt8]
    package let timings: HTTPTimings

    package var status: Int { self.head.status }
    package var headers: HTTPHeaderFields { self.head.headers }
}

/// How long the parts of a request took, each counted from its beginning.
///
/// On a connection used before, `dns`, `connect` and `tls` are zero. Names are resolved when a connection of the pool is
/// opened, so that `dns` is only what libcurl adds.
package struct HTTPTimings: Sendable, Hashable {
    package internal(set) var dns = Duration.zero
    package internal(set) var connect = Duration.zero
    package internal(set) var tls = Duration.zero
    package internal(set) var firstByte = Duration.zero
    package internal(set) var total = Duration.zero
    /// Whether no new connection was opened for the request.
    package internal(set) var reusedConnection = false
}
