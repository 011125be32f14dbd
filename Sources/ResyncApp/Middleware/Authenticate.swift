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

    func before(_ request: HTTPRequest) throws -> MiddlewareStep {
        guard let access = request.route?.access, access != .public else { return .proceed }
        let token = try Self.bearerToken(of: request.headers)
        if let user = try self.verifier.knownUser(of: token) { return self.admit(user, request, access) }
        return .wait {
            switch self.admit(try await self.verifier.user(of: token), request, access) {
            case .proceed: return nil
            case .answer(let response): return response
            case .wait(let work): return try await work()
            }
        }
    }

    private func admit(_ user: AuthenticatedUser, _ request: HTTPRequest, _ access: RouteAccess) -> MiddlewareStep {
        request.context.authenticate(user)
        guard case .role(let name) = access else { return .proceed }
        if let role = Role(rawValue: name), user.roles.grant(role) { return .proceed }
        return .wait {
            await self.denied(request, user)
            throw HTTPProblem(.forbidden, code: "forbidden", detail: "This needs the role \(name).")
        }
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
