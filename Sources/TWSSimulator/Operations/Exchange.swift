import Foundation

/// An answer together with what is to go wrong on its way.
struct Exchange: Sendable {
    var reply: SimulatorReply
    /// Value of the `Date` header.
    var date: String
    var delaySeconds = 0.0
    /// No answer; the connection ends after so long.
    var hangSeconds: Double?
    var drop: FaultEffect.Drop?
    var truncate: FaultEffect.Truncate?
    var slowBody: FaultEffect.SlowBody?
    /// For the record; nil for an exchange that is none of the plan's.
    var admission: Admission?
}

/// Answers requests; called on event loops, must not block for long.
protocol Responder: Sendable {
    func exchange(_ request: SimulatorRequest) -> Exchange
    /// Called once for every exchange, when its last byte is out or its connection is gone.
    func finish(_ exchange: Exchange, request: SimulatorRequest)
    /// Whether the answer may go out, or is queued behind others; asked again until it may.
    func mayProceed(_ exchange: Exchange) -> Bool
    /// The part of a followed log that exists by now, and whether it is all.
    func followedLines(_ log: FollowedLog) -> (lines: [String], isComplete: Bool)
    func connectionFaults(node: Int) -> ActiveFaults
}

extension FaultEffect.Latency {
    /// Seconds for the request of this number; equal for equal seeds and numbers.
    func seconds(seed: UInt64, number: Int, rows: Int) -> Double {
        var random = SplitMix64(seed: seed, key: "latency|\(number)")
        func uniform() -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }
        var milliseconds = self.fixedMilliseconds + self.jitterMilliseconds * uniform()
        if let lognormal {
            // Box and Muller's normal deviate; 2.3263 is the 99th percentile of the standard normal distribution.
            let deviate = (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
            milliseconds += lognormal.median * exp(log(lognormal.p99 / lognormal.median) / 2.3263 * deviate)
        }
        milliseconds += self.perRowMicroseconds * Double(rows) / 1000
        return milliseconds / 1000
    }
}

extension FaultEffect.StatusReply {
    var reply: SimulatorReply {
        let message = "AWSJCO005E Simulated error \(self.code)."
        var reply: SimulatorReply
        switch self.body {
        case .messages: reply = .messages(self.code, message)
        case .empty: reply = SimulatorReply(status: self.code)
        case .html: reply = .html(self.code, "<html><body>Error \(self.code)</body></html>")
        case .text:
            reply = SimulatorReply(
                status: self.code,
                headers: [("Content-Type", "text/plain")],
                body: .bytes(Array(message.utf8))
            )
        }
        if self.code == 401 { reply.headers.append(("WWW-Authenticate", "Basic realm=\"defaultRealm\"")) }
        if let retryAfter { reply.headers.append(("Retry-After", String(retryAfter))) }
        return reply
    }
}

extension FaultEffect.Corruption {
    /// Damages an answer; one without a JSON body stays as it is where there is nothing to damage.
    func apply(to reply: inout SimulatorReply) {
        guard case .bytes(var bytes) = reply.body else { return }
        switch self {
        case .wrongContentType:
            reply.headers.removeAll { $0.name == "Content-Type" }
            reply.headers.append(("Content-Type", "text/html"))
            return
        case .falseGzip:
            reply.headers.append(("Content-Encoding", "gzip"))
            return
        case .invalidUTF8:
            // Within the first text value, so that the JSON stays well-formed apart from the byte.
            if let colon = Self.find(":\"", in: bytes) { bytes.insert(0xFF, at: colon + 2) }
        case .brokenJSON: if !bytes.isEmpty { bytes[bytes.count - 1] = UInt8(ascii: ",") }
        case .duplicateKeys: Self.insert("\"id\":\"first\",\"count\":0,", inEachObjectOf: &bytes)
        case .unknownEnum:
            Self.replaceValues(of: ["lastRunCommonStatus", "commonStatus"], in: &bytes) { _ in "\"XSTAT\"" }
        case .unknownFields: Self.insert("\"xUnknown\":{\"deep\":[1,null]},", inEachObjectOf: &bytes)
        case .nullInsteadOfMissing: Self.insert("\"cpuTime\":null,\"actions\":null,", inEachObjectOf: &bytes)
        case .numberAsText:
            Self.replaceValues(of: ["priority", "count", "returnCode"], in: &bytes) { "\"\($0)\"" }
        }
        reply.body = .bytes(bytes)
    }

    private static func find(_ text: String, in bytes: [UInt8]) -> Int? {
        let text = Array(text.utf8)
        return bytes.indices.first { bytes[$0...].starts(with: text) }
    }

    /// Puts fields in front of the answer's own and of each plan object's.
    private static func insert(_ fields: String, inEachObjectOf bytes: inout [UInt8]) {
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("{"), text != "{}" else { return }
        text = "{" + fields + text.dropFirst()
        bytes = Array(text.replacingOccurrences(of: "{\"flowNodeType\"", with: "{\(fields)\"flowNodeType\"").utf8)
    }

    private static func replaceValues(of names: [String], in bytes: inout [UInt8], _ value: (String) -> String) {
        var text = String(decoding: bytes, as: UTF8.self)
        for name in names {
            let parts = text.components(separatedBy: "\"\(name)\":")
            text = parts[0]
            for part in parts.dropFirst() {
                let end = part.firstIndex { $0 == "," || $0 == "}" } ?? part.endIndex
                text += "\"\(name)\":\(value(String(part[..<end])))\(part[end...])"
            }
        }
        bytes = Array(text.utf8)
    }
}
