import Auditing
import Concurrency
import Foundation
import InboundHTTP
import JSON
import NIOHTTP1

/// `/audit/*`: what was done, and whether the log of it is intact.
struct AuditRoutes: Sendable {
    let trail: ActionTrail
    let export: AuditExport

    /// Verifying reads the whole log.
    private static let longestVerification: Duration = .seconds(600)

    private static let filters: [OperationDescription.Parameter] = [
        .init("from", in: .query, "Not before this time.", schema: Schema.time),
        .init("to", in: .query, "Before this time.", schema: Schema.time),
        .init("actor", in: .query, "Who did it."),
        .init("action", in: .query, "The action, or how it begins."),
        .init("target", in: .query, "Id or name of what it was done to."),
        .init("result", in: .query, "How it ended.", schema: Schema.oneOf(AuditResult.allCases.map(\.rawValue))),
        .init("requestId", in: .query, "Id of the request."),
        .init("actionId", in: .query, "Id of the action: its intent and its outcome."),
        .init("q", in: .query, "A part of actor, action, target, reason or ticket."),
    ]

    func register(in router: inout Router) {
        self.add(
            "/events",
            id: "listAuditEvents",
            "Events, the newest first; contains every event this node acknowledged before the request.",
            .list("AuditEvent"),
            parameters: Self.filters + JobRoutes.page + [
                .init("sort", in: .query, "By sequence.", schema: Schema.oneOf(["sequence", "-sequence"]))
            ],
            in: &router,
            handler: self.events
        )
        self.add(
            "/events/{id}",
            id: "getAuditEvent",
            "One event.",
            .ok("The event", "AuditEvent"),
            parameters: [.init("id", in: .path, "Id of the event.")],
            in: &router
        ) { request in
            let context = request.context
            let id = try request.parameters.require("id")
            let entry = try await self.trail.audit.event(
                id: id,
                requestID: context.requestID,
                deadline: context.deadline
            )
            return .json { entry.write(to: &$0) }
        }
        self.add("/checkpoint", id: "getCheckpoint", "The newest signed checkpoint.", .text, in: &router) { request in
            .text(try await self.trail.audit.checkpoint(deadline: request.context.deadline).note)
        }
        self.add(
            "/status",
            id: "getAuditStatus",
            "Spool, shipping and signing.",
            .ok("The status", "AuditStatus"),
            in: &router
        ) { _ in .json { self.trail.audit.status.write(to: &$0) } }
        self.add(
            "/export",
            id: "exportAudit",
            "Lines of JSON with what is needed to verify them elsewhere.",
            .text,
            parameters: [
                .init("fromSequence", in: .query, "First sequence.", schema: Schema.integer),
                .init("toSequence", in: .query, "Last sequence.", schema: Schema.integer),
            ],
            deadline: Self.longestVerification,
            in: &router,
            handler: self.exportLines
        )
        router.add(
            .POST,
            "/api/v1/audit/verify",
            access: .role("auditor"),
            .init(
                id: "verifyAudit",
                summary: "Read the whole log and say whether it is what was recorded.",
                tag: "audit",
                responses: [.ok("What was found", "AuditVerification")]
            ),
            deadline: Self.longestVerification,
            handler: self.verify
        )
    }

    private func add(
        _ path: String,
        id: String,
        _ summary: String,
        _ response: OperationDescription.Response,
        parameters: [OperationDescription.Parameter] = [],
        deadline: Duration? = nil,
        in router: inout Router,
        handler: @escaping RouteHandler
    ) {
        router.add(
            .GET,
            "/api/v1/audit\(path)",
            access: .role("auditor"),
            .init(id: id, summary: summary, tag: "audit", parameters: parameters, responses: [response]),
            deadline: deadline,
            handler: handler
        )
    }

    @Sendable private func events(_ request: HTTPRequest) async throws -> HTTPResponse {
        let filter = try AuditFilter(request.query)
        let newestFirst = try Self.isNewestFirst(request)
        let page = try PageRequest(request)
        let after = try page.after.map { place in
            guard let sequence = Int64(place.id) else { throw PageRequest.foreignCursor }
            return sequence
        }
        let entries = try await self.trail.audit.events(
            matching: filter,
            // One more than asked for tells whether there is another page.
            page: AuditPage(after: after, limit: min(page.limit + 1, 1000), newestFirst: newestFirst),
            requestID: request.context.requestID,
            deadline: request.context.deadline
        )
        let shown = entries.prefix(page.limit)
        let hasMore =
            entries.count > page.limit || (page.limit == PageRequest.maximumLimit && entries.count == page.limit)
        return .json { json in
            json.beginObject()
            json.key("items")
            json.beginArray()
            for entry in shown { entry.write(to: &json) }
            json.endArray()
            json.key("nextCursor")
            if hasMore, let last = shown.last {
                json.value(page.cursor(after: .init(keys: [], id: String(last.sequence))))
            } else {
                json.null()
            }
            json.liveFreshness()
            json.endObject()
        }
    }

    private static func isNewestFirst(_ request: HTTPRequest) throws(HTTPProblem) -> Bool {
        switch request.query["sort"] {
        case nil, "-sequence": true
        case "sequence": false
        case let other?:
            throw HTTPProblem.invalidParameter("sort", "\(other): expected sequence or -sequence")
        }
    }

    @Sendable private func verify(_ request: HTTPRequest) async throws -> HTTPResponse {
        let verification = try await self.trail.audit.verifier.verify(deadline: request.context.deadline)
        let result: AuditResult = verification.outcome == .intact ? .succeeded : .failed
        await self.trail.event("audit.verify", target: .log, result: result, request)
        if case .unfinished(let reason) = verification.outcome {
            let detail = "The log could not be verified: \(reason)"
            throw HTTPProblem(.serviceUnavailable, code: "database-unavailable", detail: detail, retryAfter: 5)
        }
        return .json { json in
            json.beginObject()
            json.field("intact", verification.outcome == .intact)
            json.field("eventsChecked", Int(verification.events))
            json.field("firstBadSequence", verification.firstBadSequence.map { Int($0) })
            json.field("detail", verification.findings.first?.difference)
            json.key("report")
            verification.write(to: &json)
            json.endObject()
        }
    }

    @Sendable private func exportLines(_ request: HTTPRequest) async throws -> HTTPResponse {
        let first = try request.query.int("fromSequence", in: 1...Int.max) ?? 1
        let last = try request.query.int("toSequence", in: 1...Int.max)
        let deadline = request.context.deadline
        await self.trail.event("audit.export", target: .log, request)
        return HTTPResponse(
            contentType: ContentType("application/x-ndjson", isCompressible: true),
            headers: ["content-disposition": #"attachment; filename="audit.jsonl""#],
            body: .stream { writer in
                _ = try await self.export.write(from: Int64(first), to: last.map { Int64($0) }, deadline: deadline) {
                    try await writer.write($0)
                }
            }
        )
    }
}

extension AuditFilter {
    fileprivate init(_ query: QueryParameters) throws(HTTPProblem) {
        self.init()
        self.from = try query.time("from")
        self.to = try query.time("to")
        self.actor = query["actor"]
        self.action = query["action"]
        self.target = query["target"]
        self.requestID = query["requestId"]
        self.actionID = query["actionId"]
        self.text = query["q"]
        guard let text = query["result"] else { return }
        guard let result = AuditResult(rawValue: text) else {
            let known = AuditResult.allCases.map(\.rawValue).joined(separator: ", ")
            throw HTTPProblem.invalidParameter("result", "\(text): expected one of \(known)")
        }
        self.result = result
    }
}

extension OperationDescription.Response {
    fileprivate static let text = Self(200, "The text", content: [.init("text/plain", schema: Schema.string)])
}
