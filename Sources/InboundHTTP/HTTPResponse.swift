import NIOCore
import NIOHTTP1

/// What a handler answers with; length, date, connection management and encoding are the server's.
package struct HTTPResponse: Sendable {
    package var status: HTTPResponseStatus
    /// Written as `Content-Type`; nil when the answer has none, or when `headers` has it.
    package var contentType: ContentType?
    package var headers: HTTPHeaders
    package var body: ResponseBody

    package init(
        status: HTTPResponseStatus = .ok,
        contentType: ContentType? = nil,
        headers: HTTPHeaders = [:],
        body: ResponseBody = .empty
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    package static func json(
        _ bytes: [UInt8],
        status: HTTPResponseStatus = .ok,
        headers: HTTPHeaders = [:]
    ) -> Self {
        Self(status: status, contentType: .json, headers: headers, body: .bytes(bytes))
    }

    package static func text(_ text: String, status: HTTPResponseStatus = .ok) -> Self {
        Self(status: status, contentType: .text, body: .bytes(Array(text.utf8)))
    }

    package static var noContent: Self { Self(status: .noContent) }

    /// Leaves HTTP: the server writes 101 with `headers` (which name the protocol), takes its handlers out of the
    /// pipeline and reads no more until the future of `start` has succeeded.
    ///
    /// Bytes that came early follow.
    package static func upgrade(
        headers: HTTPHeaders,
        start: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> Self {
        Self(status: .switchingProtocols, headers: headers, body: .upgrade(start))
    }
}

/// The content of an answer.
package enum ResponseBody: Sendable {
    case empty
    case bytes([UInt8])
    case buffer(ByteBuffer)
    /// Of unknown length: chunked to HTTP/1.1 clients, ended by closing to older ones. The closure runs in the request's
    /// task and is cancelled when the client goes away; throwing aborts the connection, so that a cut is not taken for
    /// the end.
    case stream(@Sendable (ResponseWriter) async throws -> Void)
    case upgrade(@Sendable (any Channel) -> EventLoopFuture<Void>)
}

/// A media type, with what the server needs to know of it.
package struct ContentType: Sendable, Hashable {
    package let value: String
    /// Whether compressing it is worth the time.
    package let isCompressible: Bool
    /// The whole field as it stands in a head.
    let field: [UInt8]

    package init(_ value: String, isCompressible: Bool) {
        self.field = Array("content-type: \(value)\r\n".utf8)
        self.value = value
        self.isCompressible = isCompressible
    }

    package static let json = Self("application/json", isCompressible: true)
    package static let problem = Self("application/problem+json", isCompressible: true)
    package static let text = Self("text/plain; charset=utf-8", isCompressible: true)
    package static let html = Self("text/html; charset=utf-8", isCompressible: true)
    package static let css = Self("text/css; charset=utf-8", isCompressible: true)
    package static let javaScript = Self("text/javascript; charset=utf-8", isCompressible: true)
    package static let csv = Self("text/csv; charset=utf-8", isCompressible: true)
    package static let svg = Self("image/svg+xml", isCompressible: true)
    package static let eventStream = Self("text/event-stream", isCompressible: false)
    package static let bytes = Self("application/octet-stream", isCompressible: false)
}
