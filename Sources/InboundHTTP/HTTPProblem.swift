import JSON
import NIOHTTP1

/// An error as the client sees it: becomes `application/problem+json` (RFC 9457) wherever it is thrown.
package struct HTTPProblem: Error, Sendable {
    /// One thing wrong with the request: where (a JSON pointer, or a parameter's name) and what.
    package struct Violation: Sendable, Hashable {
        package var pointer: String
        package var message: String

        package init(pointer: String, message: String) {
            self.pointer = pointer
            self.message = message
        }
    }

    package var status: HTTPResponseStatus
    /// Stable, for programs; `title` and `detail` are for people.
    package var code: String
    package var title: String
    package var detail: String?
    package var errors: [Violation]
    /// For example `Allow` or `WWW-Authenticate`.
    package var headers: HTTPHeaders
    /// Seconds; written as `Retry-After`.
    package var retryAfter: Int?

    package init(
        _ status: HTTPResponseStatus,
        code: String,
        title: String? = nil,
        detail: String? = nil,
        errors: [Violation] = [],
        headers: HTTPHeaders = [:],
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.code = code
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.errors = errors
        self.headers = headers
        self.retryAfter = retryAfter
    }

    /// `instance` is the path asked for, or nil when no target could be read.
    package func response(requestID: String, instance: String?) -> HTTPResponse {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("type")
        json.value("about:blank")
        json.key("title")
        json.value(self.title)
        json.key("status")
        json.value(Int(self.status.code))
        if let detail {
            json.key("detail")
            json.value(detail)
        }
        if let instance {
            json.key("instance")
            json.value(instance)
        }
        json.key("code")
        json.value(self.code)
        json.key("requestId")
        json.value(requestID)
        if !self.errors.isEmpty {
            json.key("errors")
            json.beginArray()
            for error in self.errors {
                json.beginObject()
                json.key("pointer")
                json.value(error.pointer)
                json.key("message")
                json.value(error.message)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        var headers = self.headers
        if let retryAfter { headers.replaceOrAdd(name: "retry-after", value: String(retryAfter)) }
        return HTTPResponse(status: self.status, contentType: .problem, headers: headers, body: .bytes(json.bytes))
    }
}

extension HTTPProblem {
    package static func invalidRequest(_ detail: String, errors: [Violation] = []) -> Self {
        Self(.badRequest, code: "invalid-request", detail: detail, errors: errors)
    }

    package static var notFound: Self { Self(.notFound, code: "not-found") }

    package static func methodNotAllowed(allow: String) -> Self {
        Self(.methodNotAllowed, code: "method-not-allowed", headers: ["allow": allow])
    }

    package static func bodyTooLarge(limit: Int) -> Self {
        Self(.payloadTooLarge, code: "body-too-large", detail: "The body may have \(limit) bytes.")
    }

    package static func unsupportedMediaType(expected: String) -> Self {
        Self(.unsupportedMediaType, code: "unsupported-media-type", detail: "Send \(expected).")
    }

    package static var shuttingDown: Self {
        Self(.serviceUnavailable, code: "shutting-down", retryAfter: 5)
    }

    package static var deadlineExceeded: Self { Self(.gatewayTimeout, code: "deadline-exceeded") }

    package static var requestTimeout: Self { Self(.requestTimeout, code: "request-timeout") }

    package static var internalError: Self {
        Self(.internalServerError, code: "internal-error", detail: "The log has the cause under this request id.")
    }
}
