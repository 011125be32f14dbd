import Concurrency
import Database

/// The SQL of the audit log; every function runs on a connection of its caller.
struct AuditQueries {
    let connection: any DatabaseConnection
    let deadline: Deadline

    /// The row that says how long the log is.
    struct Head: Sendable, Hashable {
        let logID: String
        let size: Int64
        let hash: String

        /// The largest sequence there is, read in the same statement.
        let lastSequence: Int64
    }

    func head() async throws -> Head {
        let rows = try await self.connection.query(
            """
            SELECT log_id, size, hash, (SELECT COALESCE(MAX(sequence), 0) FROM audit_events) AS last_sequence
            FROM audit_head
            """,
            deadline: self.deadline
        )
        guard let row = rows.first, rows.count == 1 else {
            throw AuditError(.corrupt, "audit_head has \(rows.count) rows instead of one")
        }
        let logID = try row.decode("log_id", as: String.self)
        let size = try row.decode("size", as: Int64.self)
        return Head(
            logID: logID,
            size: size,
            hash: size == 0 ? HashChain.start(logID: logID) : try row.decode("hash"),
            lastSequence: try row.decode("last_sequence")
        )
    }

    func setHead(size: Int64, hash: String) async throws {
        try await self.connection.execute(
            "UPDATE audit_head SET size = \(size), hash = \(hash)",
            deadline: self.deadline
        )
    }

    /// The last record of the spool that is in the log; 0 when there is none.
    func watermark(ofSpool id: String) async throws -> Int64 {
        try await self.connection.query(
            "SELECT last_sequence FROM audit_ingest WHERE spool_id = \(id)",
            deadline: self.deadline
        ).first?.decode("last_sequence") ?? 0
    }

    func setWatermark(_ sequence: Int64, ofSpool id: String) async throws {
        let statement: SQLStatement = "UPDATE audit_ingest SET last_sequence = \(sequence) WHERE spool_id = \(id)"
        guard try await self.connection.execute(statement, deadline: self.deadline) == 0 else { return }
        try await self.connection.execute(
            "INSERT INTO audit_ingest (spool_id, last_sequence) VALUES (\(id), \(sequence))",
            deadline: self.deadline
        )
    }

    func existingIDs(among ids: [String]) async throws -> Set<String> {
        let rows = try await self.connection.query(
            "SELECT id FROM audit_events WHERE id IN (\(list: ids))",
            deadline: self.deadline
        )
        return Set(try rows.map { try $0.decode("id", as: String.self) })
    }

    func insert(_ entry: AuditEntry) async throws {
        let event = entry.event
        try await self.connection.execute(
            """
            INSERT INTO audit_events (sequence, id, time, node, actor_type, actor_id, actor_roles, actor_address, action,
                target_type, target_id, target_name, target_engine, phase, result, reason, ticket, detail, request_id,
                trace_id, action_id, fingerprints, previous_hash, hash)
            VALUES (\(entry.sequence), \(event.id), \(event.time), \(event.node), \(event.actor.type),
                \(event.actor.id), \(event.actor.roles.joined(separator: ",")), \(event.actor.address.sqlValue),
                \(event.action), \(event.target.type), \(event.target.id), \(event.target.name.sqlValue),
                \(event.target.engine.sqlValue), \(event.phase.rawValue), \(event.result.rawValue),
                \(event.reason.sqlValue), \(event.ticket.sqlValue), \((event.detail?.text).sqlValue),
                \(event.requestID.sqlValue), \(event.traceID.sqlValue), \(event.actionID.sqlValue),
                \(HashChain.fingerprints(event.value)), \(entry.previousHash), \(entry.hash))
            """,
            deadline: self.deadline
        )
    }

    static let columns: SQLStatement = """
        sequence, id, time, node, actor_type, actor_id, actor_roles, actor_address, action, target_type, target_id,
        target_name, target_engine, phase, result, reason, ticket, detail, request_id, trace_id, action_id,
        fingerprints, previous_hash, hash
        """

    /// Rows in the order of the log, without decoding them: what does not decode is evidence, not an error.
    func rows(after sequence: Int64, upTo last: Int64, limit: Int) async throws -> [SQLRow] {
        try await self.connection.query(
            """
            SELECT \(Self.columns) FROM audit_events WHERE sequence > \(sequence) AND sequence <= \(last)
            ORDER BY sequence LIMIT \(limit)
            """,
            deadline: self.deadline
        )
    }

    func entries(matching filter: AuditFilter, page: AuditPage) async throws -> [AuditEntry] {
        let condition = filter.conditions(page: page).joined(separator: " AND ")
        let order: SQLStatement = page.isNewestFirst ? "DESC" : "ASC"
        return try await self.connection.query(
            "SELECT \(Self.columns) FROM audit_events WHERE \(condition) ORDER BY sequence \(order) LIMIT \(page.limit)",
            deadline: self.deadline
        ).map { try AuditEntry($0) }
    }

    func entry(id: String) async throws -> AuditEntry? {
        try await self.connection.query(
            "SELECT \(Self.columns) FROM audit_events WHERE id = \(id)",
            deadline: self.deadline
        ).first.map { try AuditEntry($0) }
    }

    /// Inserts the checkpoint unless another process has signed one of the same size; returns the note that is stored.
    func insertCheckpoint(_ checkpoint: Checkpoint) async throws -> String {
        let existing = try await self.checkpoints(from: checkpoint.size, upTo: checkpoint.size)
        if let first = existing.first { return first.note }
        try await self.connection.execute(
            "INSERT INTO audit_checkpoints (size, note) VALUES (\(checkpoint.size), \(checkpoint.note))",
            deadline: self.deadline
        )
        return checkpoint.note
    }

    /// The notes of checkpoints by size, from one size to another.
    func checkpoints(from first: Int64, upTo last: Int64) async throws -> [(size: Int64, note: String)] {
        try await self.connection.query(
            "SELECT size, note FROM audit_checkpoints WHERE size >= \(first) AND size <= \(last) ORDER BY size",
            deadline: self.deadline
        ).map { (try $0.decode("size"), try $0.decode("note")) }
    }

    func latestCheckpoint() async throws -> (size: Int64, note: String)? {
        try await self.connection.query(
            "SELECT size, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1",
            deadline: self.deadline
        ).first.map { (try $0.decode("size"), try $0.decode("note")) }
    }
}

extension AuditEntry {
    init(_ row: SQLRow) throws {
        self.init(
            sequence: try row.decode("sequence"),
            event: try AuditEvent { field throws(AuditError) in try row.auditValue(of: field) },
            hash: try row.decode("hash"),
            previousHash: try row.decode("previous_hash")
        )
    }
}

extension SQLRow {
    /// The fact as it is stored, whatever kind of value was put in its place.
    func auditValue(of field: AuditField) throws(AuditError) -> AuditFieldValue {
        guard let index = self.columns.firstIndex(of: field.rawValue) else {
            throw AuditError(.corrupt, "the column \(field.rawValue) is missing")
        }
        switch self.values[index] {
        case .null: return .absent
        case .integer(let value): return .integer(value)
        case .text(let value): return .text(value)
        case .real, .blob: throw AuditError(.corrupt, "\(field.rawValue) holds \(self.values[index].kind)")
        }
    }
}
