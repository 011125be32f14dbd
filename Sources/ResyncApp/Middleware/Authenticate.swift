import Authentication
import InboundHTTP
import Logging
import NIOHTTP1

extension AuthenticatedUser: RequestPrincipal {}

/// Finds out who is asking and whether the route is open to them.
///
/// Costs a look-up for a token seen before. Routes with `.public` access pass untouched.
struct Authenticate: Middleware {
    let verifier: TokenVerifier
    /// Told of every request refused for lack of a role.
    let denied: @Sendable (HTTPRequest, AuthenticatedUser) async -> Void

    func handle(_ request: HTTPRequest, next: RouteHandler) async throws -> HTTPResponse {
        guard let access = request.route?.access, access != .public else { return try await next(request) }
        let user = try await self.verifier.user(of: try Self.bearerToken(of: request.headers))
        request.context.authenticate(user)
        if case .role(let name) = access {
            guard let role = Role(rawValue: name), user.roles.grant(role) else {
                await self.denied(request, user)
                throw HTTPProblem(.forbidden, code: "forbidden", detail: "This needs the role \(name).")
            }
        }
        return try await next(request)
    }

    /// The token of an `Authorization: Bearer` header; 401 when there is none.
    static func bearerToken(of headers: HTTPHeaders) throws(HTTPProblem) -> String {
        guard let value = headers.first(name: "authorization"), let token = self.token(in: value.utf8) else {
            throw HTTPProblem.unauthenticated("Send an access token as Authorization: Bearer.")
        }
        return token
    }

    /// By bytes: this runs for every request, and characters cost a hundred times as much.
    private static func token(in value: String.UTF8View) -> String? {
        let scheme = "bearer ".utf8
        guard value.count > scheme.count, zip(value, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
        var token = value.dropFirst(scheme.count)
        let space = UInt8(ascii: " ")
        while token.first == space { token.removeFirst() }
        while token.last == space { token.removeLast() }
        return token.isEmpty ? nil : String(Substring(token))
    }
}

extension HTTPRequest {
    /// Whom the request speaks for; 401 where the route forgot to demand it.
    func user() throws(HTTPProblem) -> AuthenticatedUser {
        guard let user = self.context.principal as? AuthenticatedUser else {
            throw HTTPProblem.unauthenticated("Nobody is signed in.")
        }
        return user
    }
}

extension HTTPProblem {
    static func unauthenticated(_ detail: String) -> Self {
        Self(
            .unauthorized,
            code: "unauthenticated",
            detail: detail,
            headers: ["www-authenticate": #"Bearer realm="resync""#]
        )
    }
}
