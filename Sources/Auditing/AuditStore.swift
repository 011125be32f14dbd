import Concurrency
import Database
import Logging

/// Puts records of a spool into the log, each exactly once.
struct AuditStore: Sendable {
    let database: any DatabaseClient
    let logger: Logger

    /// Appends the records that are not in the log yet and returns their entries.
    ///
    /// One transaction changes events, head and the spool's watermark. After a failure, also one that leaves unknown
    /// whether the transaction was committed, the same call can be made again.
    func append(_ records: [SpoolRecord], ofSpool id: String, deadline: Deadline) async throws -> [AuditEntry] {
        try await self.database.transaction(owner: "audit-shipper", deadline: deadline) { connection in
            let queries = AuditQueries(connection: connection, deadline: deadline)
            let watermark = try await queries.watermark(ofSpool: id)
            let fresh = records.filter { $0.sequence > watermark }
            guard let last = fresh.map(\.sequence).max() else { return [] }
            let head = try await queries.head()
            let entries = try await self.entries(for: fresh, after: head, queries: queries)
            for entry in entries { try await queries.insert(entry) }
            if let newest = entries.last { try await queries.setHead(size: newest.sequence, hash: newest.hash) }
            try await queries.setWatermark(last, ofSpool: id)
            return entries
        }
    }

    private func entries(
        for records: [SpoolRecord],
        after head: AuditQueries.Head,
        queries: AuditQueries
    ) async throws -> [AuditEntry] {
        let events = records.compactMap { self.event(of: $0) }
        var known = try await queries.existingIDs(among: events.map(\.id))
        // Rows behind the head were forged; acknowledged events go behind them instead of not at all, and verification
        // finds both.
        var sequence = max(head.size, head.lastSequence)
        var previous = head.hash
        var entries: [AuditEntry] = []
        for event in events where known.insert(event.id).inserted {
            sequence += 1
            guard let hash = HashChain.hash(after: previous, sequence: sequence, event.value) else {
                throw AuditError(.corrupt, "the hash of the log's head is not a hash")
            }
            entries.append(AuditEntry(sequence: sequence, event: event, hash: hash, previousHash: previous))
            previous = hash
        }
        return entries
    }

    /// Nil for a record whose checksum is right but whose content is not ours: it must not stop those behind it.
    private func event(of record: SpoolRecord) -> AuditEvent? {
        do {
            return try CanonicalForm.event(spooled: record.payload[...])
        } catch {
            self.logger.error(
                "a spooled audit event cannot be read",
                metadata: ["audit.spool_sequence": "\(record.sequence)", "error": "\(error)"]
            )
            return nil
        }
    }
}
