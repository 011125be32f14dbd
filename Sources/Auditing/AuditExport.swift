import Concurrency
import Database
import Foundation
import JSON

/// Writes a range of the log as lines of JSON with what is needed to verify it elsewhere.
///
/// The first line names the log, the public keys and the format of the hashes; then follow the events in their order,
/// and the signed checkpoints of the range, each behind the event it signs. Whoever has the lines recomputes the chain
/// from `previousHash` of the first event on and compares it with the checkpoints.
package struct AuditExport: Sendable {
    private let database: any DatabaseClient
    private let keys: [SigningKeyDescription]

    private static let pageSize: Int64 = 1000

    /// A public key as the first line names it.
    package struct SigningKeyDescription: Sendable {
        package let id: String
        package let publicKey: [UInt8]

        package init(id: String, publicKey: [UInt8]) {
            self.id = id
            self.publicKey = publicKey
        }
    }

    package init(database: any DatabaseClient, keys: [SigningKeyDescription]) {
        self.database = database
        self.keys = keys
    }

    /// Exports the events from one sequence to another, both included; to the head without `last`.
    ///
    /// `write` gets whole lines, a page of the log at a time; nothing more is read before it returns. Returns how many
    /// events there were.
    package func write(
        from first: Int64 = 1,
        to last: Int64? = nil,
        deadline: Deadline,
        _ write: (sending [UInt8]) async throws -> Void
    ) async throws -> Int {
        let head = try await self.read(deadline) { try await $0.head() }
        let end = min(last ?? head.size, head.size)
        try await write(self.header(head, from: first, to: end))
        var count = 0
        var after = max(first, 1) - 1
        while after < end {
            let from = after
            let upTo = min(after + Self.pageSize, end)
            let page = try await self.read(deadline) { queries in
                (
                    try await queries.rows(after: from, upTo: upTo, limit: Int(Self.pageSize)).map {
                        try AuditEntry($0)
                    },
                    Dictionary(
                        try await queries.checkpoints(from: from + 1, upTo: upTo).map { ($0.size, $0.note) },
                        uniquingKeysWith: { $1 }
                    )
                )
            }
            try await write(Self.lines(page.0, checkpoints: page.1))
            count += page.0.count
            after = upTo
        }
        return count
    }

    private func header(_ head: AuditQueries.Head, from first: Int64, to last: Int64) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", "resync-audit-export")
        writer.field("version", 1)
        writer.field("logId", head.logID)
        writer.field("from", Int(first))
        writer.field("to", Int(last))
        writer.field("fields", AuditField.allCases.map(\.rawValue))
        writer.key("keys")
        writer.beginArray()
        for key in self.keys {
            writer.beginObject()
            writer.field("id", key.id)
            writer.field("ed25519", Data(key.publicKey).base64EncodedString())
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func lines(_ entries: [AuditEntry], checkpoints: [Int64: String]) -> [UInt8] {
        var writer = JSONWriter(capacity: entries.count * 512)
        var lines: [UInt8] = []
        for entry in entries {
            writer = JSONWriter()
            entry.write(to: &writer)
            lines += writer.bytes
            lines.append(UInt8(ascii: "\n"))
            guard let note = checkpoints[entry.sequence] else { continue }
            writer = JSONWriter()
            writer.beginObject()
            writer.field("checkpoint", note)
            writer.endObject()
            lines += writer.bytes
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    private func read<Value: Sendable>(
        _ deadline: Deadline,
        _ body: (AuditQueries) async throws -> Value
    ) async throws -> Value {
        let deadline = deadline.limited(to: .seconds(30))
        return try await self.database.read(owner: "audit-export", deadline: deadline) { connection in
            try await body(AuditQueries(connection: connection, deadline: deadline))
        }
    }
}
