import Concurrency
import InboundHTTP
import NIOCore
import NIOHTTP1
import TWS

/// `/plan/jobs/{id}/log`: the log of a job's last run, by lines, its end, or as it is written.
struct JobLogRoute: Sendable {
    let engines: Engines

    /// A followed log may stay open so long.
    private static let longestFollow: Duration = .seconds(3600)
    private static let longestRead: Duration = .seconds(60)

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/plan/jobs/{id}/log",
            access: .role("viewer"),
            .init(
                id: "getJobLog",
                summary: "The log of the last run; chunked as it is written with follow.",
                tag: "plan",
                parameters: [
                    JobRoutes.id,
                    .init("fromLine", in: .query, "First line, from 1.", schema: Schema.integer),
                    .init("toLine", in: .query, "Last line.", schema: Schema.integer),
                    .init("tail", in: .query, "Only so many lines from the end.", schema: Schema.integer),
                    .init("follow", in: .query, "Stay and go on while the job writes.", schema: Schema.boolean),
                ],
                responses: [.init(200, "The log", content: [.init("text/plain", schema: Schema.string)])]
            ),
            deadline: Self.longestFollow,
            handler: self.log
        )
    }

    @Sendable private func log(_ request: HTTPRequest) async throws -> HTTPResponse {
        let fromLine = try request.query.int("fromLine", in: 1...Int.max)
        let toLine = try request.query.int("toLine", in: 1...Int.max)
        let tail = try request.query.int("tail", in: 1...100_000)
        let follow = try request.query.bool("follow") ?? false
        if let tail, fromLine != nil || toLine != nil {
            throw HTTPProblem.invalidRequest(
                "tail cannot be combined with fromLine and toLine.",
                errors: [.init(pointer: "tail", message: "\(tail): expected no other range beside it")]
            )
        }
        let (engine, id) = try self.engines.resolve(try request.parameters.require("id"))
        let log = RunLog(
            client: engine.client,
            runID: try await self.runID(of: id, engine, request),
            requestID: request.context.requestID,
            deadline: follow ? request.context.deadline : request.context.deadline.limited(to: Self.longestRead)
        )
        if request.method == .HEAD { return HTTPResponse(contentType: .text) }
        if let tail {
            let isRunning = engine.mirror.snapshot.jobs[id].map { $0.endedAt == nil } ?? false
            return try await log.tail(tail, follow: follow && isRunning)
        }
        return try await log.whole(fromLine: fromLine, toLine: toLine, follow: follow)
    }

    /// Of the mirror, so that asking for a log costs the scheduler one call and not two.
    private func runID(of id: String, _ engine: Engine, _ request: HTTPRequest) async throws -> String {
        if let job = engine.mirror.snapshot.jobs[id], let runID = job.runID {
            guard job.startedAt != nil else {
                throw HTTPProblem(
                    .notFound,
                    code: "not-found",
                    detail: "The job \(job.name) has not run: it has no log."
                )
            }
            return runID
        }
        let detail = try await engine.client.job(
            id: id,
            deadline: request.context.deadline.limited(to: .seconds(15)),
            requestID: request.context.requestID
        )
        guard let run = detail.runs.last else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "The job \(detail.job.name) has no run.")
        }
        return run.id
    }
}

/// The log of one run, as an answer.
///
/// Errors that happen before the first byte become problems; later ones cut the answer short, so that a part is not
/// taken for the whole.
private struct RunLog: Sendable {
    let client: TWSClient
    let runID: String
    let requestID: String
    let deadline: Deadline

    func whole(fromLine: Int?, toLine: Int?, follow: Bool) async throws -> HTTPResponse {
        let feed = self.feed(.init(fromLine: fromLine, toLine: toLine, follow: follow))
        let first = try await feed.next()
        return HTTPResponse(
            contentType: .text,
            body: .stream { writer in
                if let first { try await writer.write(first) }
                while let piece = try await feed.next() { try await writer.write(piece) }
            }
        )
    }

    /// The scheduler knows no tail: the log is read once and its end kept; what follows is read from there.
    func tail(_ lines: Int, follow: Bool) async throws -> HTTPResponse {
        var tail = LogTail(lines: lines)
        var count = 0
        try await self.client.log(ofRun: self.runID, deadline: self.deadline, requestID: self.requestID) { piece in
            count += piece.count { $0 == UInt8(ascii: "\n") }
            tail.append(piece)
        }
        let text = tail.text
        guard follow else { return HTTPResponse(contentType: .text, body: .bytes(text)) }
        let next = count + 1
        return HTTPResponse(
            contentType: .text,
            body: .stream { writer in
                try await writer.write(text)
                let feed = self.feed(.init(fromLine: next, follow: true))
                while let piece = try await feed.next() { try await writer.write(piece) }
            }
        )
    }

    private func feed(_ range: TWSClient.LogRange) -> ByteFeed {
        ByteFeed { write in
            try await self.client.log(
                ofRun: self.runID,
                range: range,
                deadline: self.deadline,
                requestID: self.requestID,
                onText: write
            )
        }
    }
}
