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

    func handle(_ request: HTTPRequest, next: RouteHandler) async throws -> HTTPResponse {
        guard let origin = request.headers.first(name: "origin") else {
            var response = try await next(request)
            response.headers.add(name: "vary", value: "Origin")
            return response
        }
        guard self.policy.allows(origin, host: request.headers.first(name: "host")) else {
            var response = try await next(request)
            response.headers.add(name: "vary", value: "Origin")
            return response
        }
        if request.method == .OPTIONS, request.headers.contains(name: "access-control-request-method") {
            return self.preflight(request, origin: origin)
        }
        // Refusals too: a page must be able to read why.
        var response = try await next(request)
        self.allow(origin, in: &response.headers)
        return response
    }

    private func preflight(_ request: HTTPRequest, origin: String) -> HTTPResponse {
        var headers: HTTPHeaders = [
            "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
            "access-control-max-age": "600",
        ]
        headers.add(
            name: "access-control-allow-headers",
            value: "Authorization, Content-Type, If-None-Match, Idempotency-Key, Traceparent, X-Request-Id"
        )
        self.allow(origin, in: &headers)
        return HTTPResponse(status: .noContent, headers: headers)
    }

    private func allow(_ origin: String, in headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: "access-control-allow-origin", value: origin)
        headers.replaceOrAdd(name: "access-control-expose-headers", value: "Age, ETag, Retry-After, X-Request-Id")
        headers.add(name: "vary", value: "Origin")
    }
}
