import InboundHTTP
import NIOHTTP1

/// Which sites' pages may use this server: its own, and those of `server.allowed_origins`.
struct OriginPolicy: Sendable {
    private let allowed: Set<String>

    init(allowedOrigins: [String]) {
        self.allowed = Set(allowedOrigins.map { $0.lowercased() })
    }

    /// Whether a page from `origin` may use the API; `host` is the request's own Host header.
    func allows(_ origin: String, host: String?) -> Bool {
        let origin = origin.lowercased()
        if self.allowed.contains(origin) { return true }
        guard let host = host?.lowercased(), let separator = origin.firstRange(of: "://") else { return false }
        return origin[separator.upperBound...] == host
    }
}

/// Cross-origin answers (the Fetch standard's CORS protocol) for the allowed origins.
///
/// Credentials travel as bearer tokens, so no answer allows cookies to cross origins.
struct CrossOrigin: Middleware {
    let policy: OriginPolicy

    func before(_ request: HTTPRequest) -> MiddlewareStep {
        guard request.method == .OPTIONS, request.headers.contains(name: "access-control-request-method"),
            self.allowedOrigin(of: request) != nil
        else { return .proceed }
        return .answer(
            HTTPResponse(
                status: .noContent,
                headers: [
                    "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
                    "access-control-max-age": "600", "access-control-allow-headers": Self.requestFields,
                ]
            )
        )
    }

    /// Refusals too: a page must be able to read why.
    func after(_ request: HTTPRequest, _ response: inout HTTPResponse) {
        if let origin = self.allowedOrigin(of: request) {
            response.headers.replaceOrAdd(name: "access-control-allow-origin", value: origin)
            response.headers.replaceOrAdd(
                name: "access-control-expose-headers",
                value: "Age, ETag, Retry-After, X-Request-Id"
            )
        }
        response.headers.add(name: "vary", value: "Origin")
    }

    private static let requestFields =
        "Authorization, Content-Type, If-None-Match, Idempotency-Key, Traceparent, X-Request-Id"

    private func allowedOrigin(of request: HTTPRequest) -> String? {
        guard let origin = request.headers.first(name: "origin"),
            self.policy.allows(origin, host: request.headers.first(name: "host"))
        else { return nil }
        return origin
    }
}
