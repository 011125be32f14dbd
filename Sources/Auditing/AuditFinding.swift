import JSON

/// One piece of evidence that the log is not what was recorded.
package struct AuditFinding: Sendable, Hashable {
    package let kind: Kind

    /// The first sequence that is concerned; nil when it is not about single events.
    package let sequence: Int64?

    /// What differs, in words.
    package let difference: String

    init(_ kind: Kind, sequence: Int64?, _ difference: String) {
        self.kind = kind
        self.sequence = sequence
        self.difference = difference
    }

    /// What kind of change the evidence speaks of.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A fact of an event was changed.
        case content
        /// The chain does not join: hashes were changed, or events have changed places.
        case hash
        case missing
        case inserted
        /// The head does not fit the events.
        case head
        /// A checkpoint is not signed, was removed, or signed another log.
        case checkpoint
        /// The log is shorter than one that was signed.
        case rolledBack
        /// What protects the tables from changes is gone.
        case protection
    }
}

/// What a verification of the whole log has found.
package struct AuditVerification: Sendable, Hashable {
    package let outcome: Outcome
    package let logID: String?
    package let events: Int64

    /// Up to where the log is covered by a signature that was checked.
    package let signedUpTo: Int64

    /// The first hundred, ordered by sequence.
    package let findings: [AuditFinding]

    /// Whether the log is what was recorded.
    package enum Outcome: Sendable, Hashable {
        case intact
        case tampered
        /// The reason why nothing can be said.
        case unfinished(String)
    }

    /// What `resync audit verify` exits with.
    package var exitCode: Int32 {
        switch self.outcome {
        case .intact: 0
        case .tampered: 1
        case .unfinished: 2
        }
    }

    package var firstBadSequence: Int64? { self.findings.compactMap(\.sequence).min() }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("exitCode", Int(self.exitCode))
        switch self.outcome {
        case .intact: writer.field("outcome", "intact")
        case .tampered: writer.field("outcome", "tampered")
        case .unfinished(let reason):
            writer.field("outcome", "unfinished")
            writer.field("reason", reason)
        }
        writer.field("logId", self.logID)
        writer.field("events", Int(self.events))
        writer.field("signedUpTo", Int(self.signedUpTo))
        writer.field("firstBadSequence", self.firstBadSequence.map { Int($0) })
        writer.key("findings")
        writer.beginArray()
        for finding in self.findings {
            writer.beginObject()
            writer.field("kind", finding.kind.rawValue)
            writer.field("sequence", finding.sequence.map { Int($0) })
            writer.field("difference", finding.difference)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
