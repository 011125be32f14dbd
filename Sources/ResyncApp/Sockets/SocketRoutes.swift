import Authentication
import Foundation
import InboundHTTP
import JSON
import NIOCore
import NIOHTTP1
import WebSockets

/// `/ws`, the tickets that open it, and what an administrator may do with connections.
struct SocketRoutes: Sendable {
    let manager: ConnectionManager
    let tickets: SocketTickets
    let verifier: TokenVerifier
    let origins: OriginPolicy
    let trail: ActionTrail

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/ws",
            access: .public,
            .init(
                id: "webSocket",
                summary: "Upgrade to a WebSocket with subprotocol resync.v1, by bearer token or ticket.",
                tag: "sockets",
                parameters: [.init("ticket", in: .query, "A ticket of /socket-tickets, instead of a bearer token.")],
                responses: [.init(101, "Upgraded")]
            ),
            handler: self.upgrade
        )
        router.add(
            .POST,
            "/api/v1/socket-tickets",
            access: .role("viewer"),
            .init(
                id: "createSocketTicket",
                summary: "A ticket for one WebSocket, valid for 30 seconds.",
                tag: "sockets",
                responses: [.ok("The ticket", "SocketTicket")]
            ),
            handler: self.createTicket
        )
        router.add(
            .GET,
            "/api/v1/connections",
            access: .role("admin"),
            .init(
                id: "listConnections",
                summary: "All open WebSockets.",
                tag: "sockets",
                parameters: JobRoutes.page,
                responses: [.list("Connection")]
            ),
            handler: self.list
        )
        router.add(
            .DELETE,
            "/api/v1/connections/{id}",
            access: .role("admin"),
            .init(
                id: "closeConnection",
                summary: "Close a WebSocket; the client is told not to come back.",
                tag: "sockets",
                parameters: [.init("id", in: .path, "Id of the connection.")],
                responses: [.init(204, "Closed")]
            ),
            handler: self.close
        )
        router.add(
            .POST,
            "/api/v1/messages",
            access: .role("admin"),
            .init(
                id: "sendMessage",
                summary: "Send a message to everybody, to a user or to a topic.",
                tag: "sockets",
                requestBody: .init(schema: Schema.ref("Message")),
                responses: [.ok("How many connections it was queued for", "MessageReceipt")]
            ),
            handler: self.send
        )
    }

    @Sendable private func upgrade(_ request: HTTPRequest) async throws -> HTTPResponse {
        try self.checkOrigin(of: request)
        let user = try await self.socketUser(of: request)
        let handshake: SocketHandshake
        do {
            handshake = try SocketHandshake(request: request.headers)
        } catch {
            throw HTTPProblem(
                HTTPResponseStatus(statusCode: Int(error.status)),
                code: error.code,
                detail: error.detail,
                headers: HTTPHeaders(error.headers.map { ($0.key, $0.value) })
            )
        }
        let admission = try self.manager.admit(user, address: request.context.remoteAddress)
        let manager = self.manager
        return .upgrade(headers: handshake.headers) { channel in
            channel.eventLoop.makeCompletedFuture {
                try manager.open(admission, compression: handshake.compression, on: channel)
            }
        }
    }

    @Sendable private func createTicket(_ request: HTTPRequest) async throws -> HTTPResponse {
        try self.checkOrigin(of: request)
        let user = try request.user()
        if let refusal = self.manager.refusal(user: user.name, address: request.context.remoteAddress) { throw refusal }
        let ticket = self.tickets.issue(
            to: SocketUser(user, verifier: self.verifier),
            origin: request.headers.first(name: "origin")
        )
        var response = HTTPResponse.json { json in
            json.beginObject()
            json.field("ticket", ticket)
            json.field("expiresInSeconds", Int(SocketTickets.lifetime.components.seconds))
            json.endObject()
        }
        response.headers.add(name: "cache-control", value: "no-store")
        return response
    }

    private func checkOrigin(of request: HTTPRequest) throws(HTTPProblem) {
        guard let origin = request.headers.first(name: "origin") else { return }
        guard self.origins.allows(origin, host: request.headers.first(name: "host")) else {
            throw HTTPProblem(.forbidden, code: "forbidden", detail: "Pages of \(origin) may not connect here.")
        }
    }

    private func socketUser(of request: HTTPRequest) async throws -> SocketUser {
        if let ticket = request.query["ticket"] {
            guard let user = self.tickets.redeem(ticket, origin: request.headers.first(name: "origin")) else {
                throw HTTPProblem.unauthenticated("The ticket is unknown, used or expired.")
            }
            return user
        }
        let token = try Authenticate.bearerToken(of: request.headers)
        let user = try await self.verifier.user(of: token)
        guard user.roles.grant(.viewer) || user.roles.grant(.auditor) else {
            throw HTTPProblem(.forbidden, code: "forbidden", detail: "This needs the role viewer or auditor.")
        }
        return SocketUser(user, verifier: self.verifier)
    }

    @Sendable private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
        let connections = try await self.manager.connections().sorted { $0.openedAt < $1.openedAt }
        let now = ContinuousClock.now
        return try .list(connections, for: request, id: \.id.description) { $0.write($1, now: now) }
    }

    @Sendable private func close(_ request: HTTPRequest) async throws -> HTTPResponse {
        let id = try request.parameters.require("id")
        let closed = try await self.manager.close(SocketID(id), code: .forbidden, reason: "closed by an administrator")
        guard closed else { throw HTTPProblem.notFound }
        await self.trail.event("connection.close", target: .connection(id), request)
        return .noContent
    }

    @Sendable private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await RequestObject(request)
        let recipient = try body.string("to", upTo: 256)
        guard let data = body.take("data") else { throw RequestObject.violation("data", "expected a value") }
        try body.finish()
        let sender = try request.user().name
        let count: Int
        if LiveTopics.isTopic(recipient) {
            count = try await self.manager.send(toSubscribersOf: recipient, from: sender, data: data.bytes)
        } else {
            let user = recipient == "all" ? nil : recipient
            count = try await self.manager.send(toUser: user, from: sender, data: data.bytes)
        }
        await self.trail.event("message.send", target: .user(recipient), request)
        return .json { json in
            json.beginObject()
            json.field("connections", count)
            json.endObject()
        }
    }
}

extension SocketUser {
    init(_ user: AuthenticatedUser, verifier: TokenVerifier) {
        self.init(
            name: user.name,
            roles: Set(user.roles.map(\.rawValue)),
            expiresAt: .now.advanced(by: .seconds(user.expiresAt.timeIntervalSinceNow)),
            isInForce: { verifier.isInForce(user) }
        )
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ connection: SocketDescription, now: ContinuousClock.Instant) {
        self.beginObject()
        self.field("id", connection.id.description)
        self.field("user", connection.user)
        self.field("address", connection.address)
        self.field("ageSeconds", connection.openedAt.duration(to: now) / .seconds(1))
        self.field("topics", connection.topics)
        self.field("roundTripSeconds", connection.roundTripSeconds)
        self.field("queuedMessages", connection.queuedMessages)
        self.field("queuedBytes", connection.queuedBytes)
        self.field("received", connection.received)
        self.field("sent", connection.sent)
        self.field("compressed", connection.compressed)
        self.endObject()
    }
}
