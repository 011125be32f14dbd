import InboundHTTP
import NIOHTTP1
import Testing

@testable import ResyncApp

@Suite("Origins")
struct CrossOriginTests {
    private let policy = OriginPolicy(allowedOrigins: ["https://ops.example"])

    @Test func `the server's own origin and the allowed ones may use the API`() {
        #expect(self.policy.allows("https://ops.example", host: "resync.test"))
        #expect(self.policy.allows("HTTPS://OPS.EXAMPLE", host: "resync.test"))
        #expect(self.policy.allows("http://resync.test:8000", host: "resync.test:8000"))
        #expect(!self.policy.allows("http://resync.test", host: "resync.test:8000"))
        #expect(!self.policy.allows("https://ops.example.evil", host: "resync.test"))
        #expect(!self.policy.allows("null", host: "null"))
        #expect(!self.policy.allows("", host: ""))
    }

    private func answer(
        _ origin: String?,
        method: HTTPMethod = .GET,
        preflight: Bool = false
    ) throws -> HTTPResponse {
        var headers: HTTPHeaders = ["host": "resync.test"]
        if let origin { headers.add(name: "origin", value: origin) }
        if preflight { headers.add(name: "access-control-request-method", value: "POST") }
        let request = try RequestFixture.request("/list", method: method, headers: headers)
        let layer = CrossOrigin(policy: self.policy)
        var response = HTTPResponse.noContent
        if case .answer(let answer) = layer.before(request) { response = answer }
        layer.after(request, &response)
        return response
    }

    @Test func `answers to allowed origins may be read, others not, and caches are told`() throws {
        let allowed = try self.answer("https://ops.example")
        #expect(allowed.headers.first(name: "access-control-allow-origin") == "https://ops.example")
        #expect(allowed.headers.first(name: "access-control-allow-credentials") == nil)
        for origin in [nil, "https://evil.example"] {
            let answer = try self.answer(origin)
            #expect(answer.headers.first(name: "access-control-allow-origin") == nil)
            #expect(answer.headers["vary"].contains("Origin"))
        }
    }

    @Test func `a preflight is answered without the handler`() throws {
        let answer = try self.answer("https://ops.example", method: .OPTIONS, preflight: true)
        #expect(answer.status == .noContent)
        #expect(answer.headers.first(name: "access-control-allow-headers")?.contains("Idempotency-Key") == true)
    }
}
