import Authentication
import Foundation
import InboundHTTP
import JSON
import NIOCore
import NIOHTTP1

/// `/auth/*`: login, refresh, logout, password, and who one is.
struct SessionRoutes: Sendable {
    let sessions: Sessions
    let trail: ActionTrail

    private static let cookieName = "resync-refresh"
    private static let cookiePath = "/api/v1/auth"

    func register(in router: inout Router) {
        let cookie = OperationDescription.Parameter(
            "cookie",
            in: .query,
            "true: the refresh token travels in an HttpOnly cookie instead of the body.",
            schema: Schema.boolean
        )
        router.add(
            .POST,
            "/api/v1/auth/login",
            access: .public,
            .init(
                id: "login",
                summary: "Exchange a name and a password for tokens.",
                tag: "auth",
                parameters: [cookie],
                requestBody: .init(schema: Schema.ref("Login")),
                responses: [.ok("Tokens", "Tokens")]
            ),
            handler: self.login
        )
        router.add(
            .POST,
            "/api/v1/auth/refresh",
            access: .public,
            .init(
                id: "refreshTokens",
                summary: "Exchange a refresh token for new tokens; the old one is used up.",
                tag: "auth",
                parameters: [cookie],
                requestBody: .init(schema: Schema.ref("RefreshToken")),
                responses: [.ok("Tokens", "Tokens")]
            ),
            handler: self.refresh
        )
        router.add(
            .POST,
            "/api/v1/auth/logout",
            access: .authenticated,
            .init(id: "logout", summary: "End the session.", tag: "auth", responses: [.init(204, "Ended")]),
            handler: self.logout
        )
        router.add(
            .POST,
            "/api/v1/auth/password",
            access: .authenticated,
            .init(
                id: "changePassword",
                summary: "Change one's password; all other sessions end.",
                tag: "auth",
                requestBody: .init(schema: Schema.ref("PasswordChange")),
                responses: [.init(204, "Changed")]
            ),
            handler: self.changePassword
        )
        router.add(
            .GET,
            "/api/v1/auth/me",
            access: .authenticated,
            .init(id: "me", summary: "Who one is.", tag: "auth", responses: [.ok("The user", "User")]),
            handler: { request in
                let user = try request.user()
                return .json { $0.write(user) }
            }
        )
    }

    @Sendable private func login(_ request: HTTPRequest) async throws -> HTTPResponse {
        let useCookie = try request.query.bool("cookie") ?? false
        let body = try await RequestObject(request)
        let username = try body.string("username", upTo: 256)
        let password = try body.string("password", upTo: 1024)
        try body.finish()
        do {
            let tokens = try await self.sessions.login(
                username: username,
                password: password,
                from: request.origin,
                deadline: request.context.deadline
            )
            await self.trail.session("auth.login", of: tokens.user, request)
            return self.response(tokens, useCookie: useCookie)
        } catch let error as AuthenticationError {
            await self.trail.refusedLogin(of: username, error, request)
            throw error
        }
    }

    @Sendable private func refresh(_ request: HTTPRequest) async throws -> HTTPResponse {
        let useCookie = try request.query.bool("cookie") ?? false
        let token: String
        if useCookie {
            guard let value = request.cookie(Self.cookieName) else {
                throw HTTPProblem.unauthenticated("There is no refresh token in the cookie \(Self.cookieName).")
            }
            token = value
        } else {
            let body = try await RequestObject(request)
            token = try body.string("refreshToken", upTo: 1024)
            try body.finish()
        }
        do {
            let tokens = try await self.sessions.refresh(
                token,
                from: request.origin,
                deadline: request.context.deadline
            )
            return self.response(tokens, useCookie: useCookie)
        } catch let error as AuthenticationError where error.code == .reusedRefreshToken {
            await self.trail.reusedToken(error, request)
            throw error
        }
    }

    @Sendable private func logout(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try request.user()
        try await self.sessions.logout(user, requestID: request.context.requestID, deadline: request.context.deadline)
        await self.trail.session("auth.logout", of: user, request)
        var response = HTTPResponse.noContent
        if request.cookie(Self.cookieName) != nil {
            response.headers.add(name: "set-cookie", value: Self.cookie("", maximumAge: 0))
        }
        return response
    }

    @Sendable private func changePassword(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try request.user()
        let body = try await RequestObject(request)
        let current = try body.string("currentPassword", upTo: 1024)
        let new = try body.string("newPassword", upTo: 1024)
        try body.finish()
        do {
            try await self.sessions.changePassword(
                of: user,
                from: current,
                to: new,
                origin: request.origin,
                deadline: request.context.deadline
            )
        } catch let error as AuthenticationError {
            // Somebody who has a session but not the password may have found an open browser.
            await self.trail.event(
                "auth.password",
                target: .user(user.name),
                result: .denied,
                detail: error.message,
                request
            )
            throw error
        }
        await self.trail.session("auth.password", of: user, request)
        return .noContent
    }

    private func response(_ tokens: Sessions.Tokens, useCookie: Bool) -> HTTPResponse {
        var response = HTTPResponse.json { json in
            json.beginObject()
            json.field("accessToken", tokens.accessToken)
            if !useCookie { json.field("refreshToken", tokens.refreshToken) }
            json.field("tokenType", "Bearer")
            json.field("expiresInSeconds", Int(tokens.expiresIn.components.seconds))
            json.key("user")
            json.write(tokens.user)
            json.endObject()
        }
        response.headers.add(name: "cache-control", value: "no-store")
        if useCookie {
            let age = Int(tokens.refreshTokenExpiresAt.timeIntervalSinceNow)
            response.headers.add(name: "set-cookie", value: Self.cookie(tokens.refreshToken, maximumAge: max(0, age)))
        }
        return response
    }

    private static func cookie(_ value: String, maximumAge: Int) -> String {
        "\(self.cookieName)=\(value); Path=\(self.cookiePath); Max-Age=\(maximumAge); HttpOnly; Secure; SameSite=Strict"
    }
}

extension HTTPRequest {
    fileprivate var origin: Sessions.Origin {
        Sessions.Origin(address: self.context.remoteAddress, requestID: self.context.requestID)
    }

    /// The value of a cookie; nil when it is not there.
    fileprivate func cookie(_ name: String) -> String? {
        for header in self.headers["cookie"] {
            for pair in header.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == name { return String(parts[1]) }
            }
        }
        return nil
    }
}

extension JSONWriter {
    mutating func write(_ user: AuthenticatedUser) {
        self.beginObject()
        self.field("name", user.name)
        self.field("roles", user.roles.names)
        self.endObject()
    }
}
