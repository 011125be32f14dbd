import Authentication
import InboundHTTP
import JSON
import Monitoring

/// `/health`, `/health/live` and `/health/ready`: cached state only, no pool is touched.
struct HealthRoutes: Sendable {
    let health: HealthRegistry
    let verifier: TokenVerifier
    /// Whether details are shown to everybody.
    let isOpen: Bool

    func register(in router: inout Router) {
        let answers = [
            OperationDescription.Response.ok("As it should be", "Health"), .init(503, "Not so, with reasons"),
        ]
        router.add(
            .GET,
            "/health/live",
            access: .public,
            .init(id: "live", summary: "Whether the process works at all.", tag: "health", responses: answers),
            allowedQuery: nil,
            immediateHandler: { _ in Self.answer(self.health.liveness(), "live") }
        )
        router.add(
            .GET,
            "/health/ready",
            access: .public,
            .init(id: "ready", summary: "Whether requests should be sent here.", tag: "health", responses: answers),
            allowedQuery: nil,
            immediateHandler: { _ in Self.answer(self.health.readiness(), "ready") }
        )
        router.add(
            .GET,
            "/health",
            access: .public,
            .init(
                id: "health",
                summary: "All components; needs the role viewer outside development.",
                tag: "health",
                responses: [.ok("The components", "Health")]
            ),
            handler: self.details
        )
    }

    private static func answer(_ verdict: HealthVerdict, _ word: String) -> HTTPResponse {
        var response = HTTPResponse.json(status: verdict.isOK ? .ok : .serviceUnavailable) { json in
            json.beginObject()
            json.field("status", verdict.isOK ? word : "not \(word)")
            json.field("reasons", verdict.reasons)
            json.endObject()
        }
        response.headers.add(name: "cache-control", value: "no-store")
        return response
    }

    @Sendable private func details(_ request: HTTPRequest) async throws -> HTTPResponse {
        if !self.isOpen {
            let user = try await self.verifier.user(of: try Authenticate.bearerToken(of: request.headers))
            guard user.roles.grant(.viewer) else {
                throw HTTPProblem(.forbidden, code: "forbidden", detail: "This needs the role viewer.")
            }
        }
        let report = self.health.report()
        return .json { json in
            json.beginObject()
            json.field("status", report.overall.word)
            json.field("notLive", report.notLive)
            json.field("notReady", report.notReady)
            json.key("components")
            json.beginArray()
            for component in report.components {
                json.beginObject()
                json.field("name", component.name)
                json.field("status", component.status.word)
                json.field("reason", component.status.reason)
                json.field("required", component.isRequired)
                json.field("forSeconds", component.forDuration / .seconds(1))
                json.field("reportedSecondsAgo", component.ageOfReport / .seconds(1))
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }
}

extension HealthStatus {
    fileprivate var word: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .failed: "failed"
        }
    }
}
