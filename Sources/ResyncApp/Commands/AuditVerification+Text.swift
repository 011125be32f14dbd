import Auditing
import JSON

extension AuditVerification {
    /// For people: what was found, in a few lines.
    package var text: String {
        switch self.outcome {
        case .intact: return "Intact: \(self.events) events, signed up to \(self.signedUpTo)."
        case .unfinished(let reason): return "Could not finish: \(reason)"
        case .tampered:
            let first = self.firstBadSequence.map { "first bad sequence \($0)" } ?? "no single event"
            let lines = self.findings.map { finding in
                "  \(finding.sequence.map { "sequence \($0)" } ?? "log"): \(finding.kind.rawValue): \(finding.difference)"
            }
            return (["Evidence of tampering, \(first):"] + lines).joined(separator: "\n")
        }
    }

    package var jsonText: String {
        var json = JSONWriter()
        self.write(to: &json)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
