import Concurrency
import Database

/// The triggers that keep the tables append-only, as the migration creates them.
enum AuditProtection {
    static let triggers: [String: String] = [
        "audit_events_no_update": """
        CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
        BEGIN
            SELECT RAISE(ABORT, 'audit_events is append-only');
        END
        """,
        "audit_events_no_delete": """
        CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
        BEGIN
            SELECT RAISE(ABORT, 'audit_events is append-only');
        END
        """,
        "audit_events_no_replace": """
        CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events
        WHEN EXISTS (SELECT 1 FROM audit_events WHERE sequence = NEW.sequence OR id = NEW.id)
        BEGIN
            SELECT RAISE(ABORT, 'audit_events is append-only');
        END
        """,
        "audit_checkpoints_no_update": """
        CREATE TRIGGER audit_checkpoints_no_update BEFORE UPDATE ON audit_checkpoints
        BEGIN
            SELECT RAISE(ABORT, 'audit_checkpoints is append-only');
        END
        """,
        "audit_checkpoints_no_delete": """
        CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints
        BEGIN
            SELECT RAISE(ABORT, 'audit_checkpoints is append-only');
        END
        """,
    ]

    /// What of the protection is missing or was replaced.
    ///
    /// Known for SQLite only.
    static func findings(_ connection: any DatabaseConnection, deadline: Deadline) async throws -> [AuditFinding] {
        guard connection.engine == .sqlite else { return [] }
        let rows = try await connection.query(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_checkpoints')",
            deadline: deadline
        )
        var found: [String: String] = [:]
        for row in rows { found[try row.decode("name")] = try row.decode("sql", as: String?.self) ?? "" }
        let missing = Self.triggers.sorted { $0.key < $1.key }.compactMap { name, sql -> AuditFinding? in
            guard let text = found[name] else {
                return AuditFinding(.protection, sequence: nil, "the trigger \(name) was dropped")
            }
            guard Self.normalized(text) != Self.normalized(sql) else { return nil }
            return AuditFinding(.protection, sequence: nil, "the trigger \(name) was replaced by another one")
        }
        let foreign = found.keys.filter { Self.triggers[$0] == nil }.sorted().map { name in
            AuditFinding(.protection, sequence: nil, "there is a trigger \(name) that does not belong there")
        }
        return missing + foreign
    }

    private static func normalized(_ sql: String) -> String {
        sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
