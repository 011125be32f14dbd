import InboundHTTP
import JSON
import NIOHTTP1
import TWS

/// The plans of some engines as they were at one moment, for one answer.
struct PlanView: Sendable {
    struct Part: Sendable {
        let engine: Engine
        let snapshot: PlanSnapshot
        /// The engine's time in milliseconds since 1970.
        let now: Int64
    }

    let parts: [Part]

    /// Takes the snapshots; an engine whose plan has never been read is an error, because an empty list would be a lie.
    init(_ engines: [Engine]) throws(HTTPProblem) {
        self.parts = engines.map { Part(engine: $0, snapshot: $0.mirror.snapshot, now: $0.client.clock.milliseconds) }
        guard let missing = self.parts.first(where: { !$0.snapshot.isLoaded }) else { return }
        let name = missing.engine.name
        guard let reason = missing.snapshot.freshness.reason else {
            let detail = "The plan of engine \(name) is being read for the first time."
            throw HTTPProblem(.serviceUnavailable, code: "plan-loading", detail: detail, retryAfter: 1)
        }
        let detail = "The plan of engine \(name) has not been read yet: \(reason)"
        throw HTTPProblem(.badGateway, code: "upstream-failed", detail: detail, retryAfter: 5)
    }

    /// Changes with every change of what can be shown.
    var version: String {
        self.parts.map { "\($0.snapshot.epoch).\($0.snapshot.version)" }.joined(separator: "-")
    }

    /// Age of the oldest part.
    var age: Duration {
        self.parts.compactMap { $0.snapshot.freshness.age() }.max() ?? .zero
    }

    /// Writes `freshness` and `position`, fields every plan answer carries.
    func writeOrigin(to json: inout JSONWriter) {
        let freshness = self.parts.map(\.snapshot.freshness)
        let reasons = freshness.compactMap { $0.whyStale() }
        json.key("freshness")
        json.beginObject()
        json.field("source", "mirror")
        json.field("fetchedAt", epochMilliseconds: freshness.compactMap(\.fetchedAt).min())
        json.field("ageSeconds", (self.age / .milliseconds(1)).rounded() / 1000)
        json.field("stale", freshness.contains { $0.isStale() })
        json.field("reason", reasons.isEmpty ? nil : reasons.joined(separator: "; "))
        json.endObject()
        if let first = self.parts.first {
            json.key("position")
            json.beginObject()
            json.field("epoch", first.snapshot.epoch)
            json.field("offset", first.snapshot.offset)
            json.endObject()
        }
    }

    /// The answer with its entity tag: 304 when the client has it already.
    func respond(to request: HTTPRequest, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        let tag = "W/\"\(self.version)-\(Self.digest(request.target))\""
        var response: HTTPResponse
        if request.headers[canonicalForm: "if-none-match"].contains(where: { $0 == tag[...] || $0 == "*" }) {
            response = HTTPResponse(status: .notModified)
            response.headers.add(name: "age", value: String(self.age.components.seconds))
        } else {
            response = .json { json in
                json.beginObject()
                write(&json)
                self.writeOrigin(to: &json)
                json.endObject()
            }
        }
        response.headers.add(name: "etag", value: tag)
        response.headers.add(name: "cache-control", value: "private, no-cache")
        return response
    }

    /// Of the target, because another query is another answer.
    private static func digest(_ target: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in target.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 36)
    }
}
