import Authentication
import Foundation
import InboundHTTP
import JSON
import Monitoring
import NIOHTTP1
import Settings

/// `/metrics` for scrapers and `/metrics/history` for charts.
struct MetricsRoutes: Sendable {
    let registry: MetricsRegistry
    let history: PoolHistory
    let verifier: TokenVerifier
    let token: Secret?

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/metrics",
            access: .public,
            .init(
                id: "metrics",
                summary: "Prometheus text; from elsewhere than this machine it needs a viewer's or the metrics token.",
                tag: "monitoring",
                responses: [.init(200, "Samples", content: [.init("text/plain", schema: Schema.string)])]
            ),
            handler: self.metrics
        )
        router.add(
            .GET,
            "/api/v1/metrics/history",
            access: .role("viewer"),
            .init(
                id: "metricHistory",
                summary: "The recent past of a figure of the pools.",
                tag: "monitoring",
                parameters: [
                    .init(
                        "name",
                        in: .query,
                        "Which figure.",
                        schema: Schema.oneOf(PoolHistory.Figure.allCases.map(\.rawValue)),
                        isRequired: true
                    ), .init("from", in: .query, "Not before this time.", schema: Schema.time),
                    .init("to", in: .query, "Not after this time.", schema: Schema.time),
                    .init("step", in: .query, "Means of so many seconds.", schema: Schema.integer),
                ],
                responses: [.ok("The series", "MetricHistory")]
            ),
            handler: self.series
        )
    }

    @Sendable private func metrics(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await self.checkAccess(request)
        let exposition = MetricExposition(accept: request.headers.first(name: "accept"))
        return HTTPResponse(
            contentType: ContentType(exposition.contentType, isCompressible: true),
            body: .bytes(exposition.render(self.registry))
        )
    }

    private func checkAccess(_ request: HTTPRequest) async throws {
        if request.context.isLoopback { return }
        let presented = try Authenticate.bearerToken(of: request.headers)
        if let token, token.revealed.isSame(as: presented) { return }
        guard try await self.verifier.user(of: presented).roles.grant(.viewer) else {
            throw HTTPProblem(.forbidden, code: "forbidden", detail: "This needs the role viewer.")
        }
    }

    @Sendable private func series(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let figure = request.query["name"].flatMap(PoolHistory.Figure.init(rawValue:)) else {
            let known = PoolHistory.Figure.allCases.map(\.rawValue).joined(separator: ", ")
            throw HTTPProblem.invalidParameter("name", "expected one of \(known)")
        }
        let from = try request.query.time("from").map { Double($0) / 1000 } ?? 0
        let to = try request.query.time("to").map { Double($0) / 1000 } ?? .greatestFiniteMagnitude
        let step = try request.query.int("step", in: 1...86_400) ?? 0
        let series = self.history.series(figure, from: from, to: to, step: Double(step))
        return .json { json in
            json.beginObject()
            json.field("name", figure.rawValue)
            json.field("stepSeconds", step == 0 ? self.history.interval / .seconds(1) : Double(step))
            json.key("series")
            json.beginArray()
            for (pool, points) in series { json.write(points, pool: pool) }
            json.endArray()
            json.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ points: [MetricHistoryPoint], pool: String) {
        self.beginObject()
        self.key("labels")
        self.beginObject()
        self.field("pool", pool)
        self.endObject()
        self.key("points")
        self.beginArray()
        for point in points {
            self.beginArray()
            let milliseconds = Int64((point.epochSeconds * 1000).rounded())
            self.value(RFC3339.string(epochMilliseconds: milliseconds))
            self.value(point.value)
            self.endArray()
        }
        self.endArray()
        self.endObject()
    }
}

extension String {
    /// Compares in a time that does not depend on where the texts differ.
    fileprivate func isSame(as other: String) -> Bool {
        let left = Array(self.utf8)
        let right = Array(other.utf8)
        var difference = left.count ^ right.count
        for index in left.indices { difference |= Int(left[index] ^ (index < right.count ? right[index] : 0)) }
        return difference == 0
    }
}
