import InboundHTTP
import JSON
import NIOHTTP1
import TWS

/// Which content of an engine's plan.
struct PlanVersion: Sendable, Hashable {
    let epoch: String
    let number: UInt64
}

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

    /// The time of this engine, in milliseconds since 1970.
    func now(of engine: String) -> Int64 {
        if self.parts.count > 1, let part = self.parts.first(where: { $0.engine.name == engine }) { return part.now }
        return self.parts.first?.now ?? 0
    }

    /// Change with every change of what can be shown.
    var versions: [PlanVersion] {
        self.parts.map { PlanVersion(epoch: $0.snapshot.epoch, number: $0.snapshot.version) }
    }

    /// The versions as text.
    var version: String { self.versions.map { "\($0.epoch).\($0.number)" }.joined(separator: "-") }

    /// Writes `freshness` and `position`, fields every plan answer carries.
    func writeOrigin(to json: inout JSONWriter) {
        let freshness = PlanOrigin(self)
        json.key("freshness")
        json.beginObject()
        json.field("source", "mirror")
        json.field("fetchedAt", epochMilliseconds: freshness.fetchedAt)
        json.field("ageSeconds", Double(freshness.ageMilliseconds) / 1000)
        json.field("stale", freshness.reason != nil)
        json.field("reason", freshness.reason)
        json.endObject()
        if let first = self.parts.first {
            json.key("position")
            json.beginObject()
            json.field("epoch", first.snapshot.epoch)
            json.field("offset", first.snapshot.offset)
            json.endObject()
        }
    }

    /// The entity tag of what a request for `target` is answered with.
    func tag(of target: String) -> String { "W/\"\(self.version)-\(Self.digest(target))\"" }

    /// The answer with its entity tag, made unless given: 304 when the client has it already.
    func respond(
        to request: HTTPRequest,
        tag: String? = nil,
        capacity: Int = 512,
        _ write: (inout JSONWriter) -> Void
    ) -> HTTPResponse {
        let tag = tag ?? self.tag(of: request.target)
        let headers: HTTPHeaders = ["etag": tag, "cache-control": "private, no-cache"]
        if request.headers.contains(name: "if-none-match"),
            request.headers[canonicalForm: "if-none-match"].contains(where: { $0 == tag[...] || $0 == "*" })
        {
            var response = HTTPResponse(status: .notModified, headers: headers)
            response.headers.add(name: "age", value: String(PlanOrigin(self).ageMilliseconds / 1000))
            return response
        }
        var json = JSONWriter(capacity: capacity)
        json.beginObject()
        write(&json)
        self.writeOrigin(to: &json)
        json.endObject()
        return .json(json.bytes, headers: headers)
    }

    /// Of the target, because another query is another answer.
    private static func digest(_ target: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in target.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 36)
    }
}

/// How far what is shown can be trusted: the worst of the parts.
private struct PlanOrigin {
    /// When the oldest part was last confirmed, in milliseconds since 1970.
    private(set) var fetchedAt: Int64?
    /// Why what is shown is stale; nil while all of it is fresh.
    private(set) var reason: String?
    private let now = EngineClock.systemMilliseconds()

    init(_ view: PlanView) {
        for part in view.parts {
            let freshness = part.snapshot.freshness
            if let time = freshness.fetchedAt { self.fetchedAt = min(self.fetchedAt ?? time, time) }
            guard let reason = freshness.whyStale(at: self.now) else { continue }
            self.reason = self.reason.map { "\($0); \(reason)" } ?? reason
        }
    }

    var ageMilliseconds: Int64 { self.fetchedAt.map { max(0, self.now - $0) } ?? 0 }
}
