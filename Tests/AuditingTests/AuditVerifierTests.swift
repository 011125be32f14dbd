import Crypto
import Database
import Foundation
import KeyFiles
import TestSupport
import Testing

@testable import Auditing

@Suite("Tamper drill", .timeLimit(.minutes(5)))
struct AuditVerifierTests {
    /// Something somebody with full rights to the database could do to it.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let statements: [SQLStatement]
        let kind: AuditFinding.Kind
        let sequence: Int64?
        let words: String

        init(
            _ description: String,
            _ kind: AuditFinding.Kind,
            _ sequence: Int64?,
            _ words: String = "",
            _ statements: SQLStatement...
        ) {
            self.testDescription = description
            self.kind = kind
            self.sequence = sequence
            self.words = words
            self.statements = statements
        }
    }

    /// Ten events: five are covered by a first checkpoint, all by a second.
    private static func withLog<Result: Sendable>(_ body: (TestLog) async throws -> Result) async throws -> Result {
        try await TestLog.with { log in
            try await log.record((1...5).map { .complete($0) })
            try await log.record((6...9).map { .complete($0) } + [.bare])
            return try await body(log)
        }
    }

    /// What is done with the triggers out of the way and back in place afterwards, as a careful forger would.
    private static func tamper(_ log: TestLog, _ statements: [SQLStatement]) async throws {
        try await log.database.client.transaction(owner: "forger", deadline: .soon) { connection in
            for name in AuditProtection.triggers.keys {
                try await connection.execute(script: "DROP TRIGGER \(name)", deadline: .soon)
            }
            for statement in statements { try await connection.execute(statement, deadline: .soon) }
            for sql in AuditProtection.triggers.values { try await connection.execute(script: sql, deadline: .soon) }
        }
    }

    private static let textColumns = AuditField.allCases.map(\.rawValue) + ["fingerprints", "previous_hash", "hash"]

    @Test func `an untouched log is intact`() async throws {
        try await Self.withLog { log in
            let verification = try await log.verify()

            #expect(verification.exitCode == 0)
            #expect(verification.events == 10)
            #expect(verification.signedUpTo == 10)
        }
    }

    @Test func `an empty log is intact`() async throws {
        try await TestLog.with { log in
            let verification = try await log.verify()

            #expect(verification.exitCode == 0)
            #expect(verification.events == 0)
        }
    }

    @Test(arguments: textColumns)
    func `a change of any column in any row is found and named`(column: String) async throws {
        try await Self.withLog { log in
            let name = RawColumn(column).statement
            let changes: [SQLStatement] = [
                "'other'", "''", "'1'", "x'00'", "COALESCE(\(name), '') || ' '", "CAST(\(name) AS BLOB)", "1.5",
                "-1", "UPPER(\(name)) || 'X'", "REPLACE(\(name) || 'Q', 'Q', 'q')",
            ]
            for sequence in [1, 5, 10] as [Int64] {
                for (index, change) in changes.prefix(sequence == 5 ? 10 : 3).enumerated() {
                    let before = try await Self.value(of: name, at: sequence, log)
                    try await Self.tamper(
                        log,
                        ["UPDATE audit_events SET \(name) = \(change) WHERE sequence = \(sequence)"]
                    )
                    let after = try await Self.value(of: name, at: sequence, log)
                    let verification = try await log.verify()
                    if before == after {
                        #expect(verification.exitCode == 0, "\(column) \(sequence) \(index)")
                        continue
                    }

                    #expect(verification.exitCode == 1, "\(column) \(sequence) change \(index)")
                    #expect(verification.firstBadSequence == sequence, "\(column) \(sequence) change \(index)")
                    let first = verification.findings.first?.difference ?? ""
                    #expect(first.contains(column), "\(column) \(sequence) change \(index): \(first)")
                    try await Self.tamper(
                        log,
                        ["UPDATE audit_events SET \(name) = \(before) WHERE sequence = \(sequence)"]
                    )
                }
            }
            #expect(try await log.verify().exitCode == 0)
        }
    }

    private static func value(of column: SQLStatement, at sequence: Int64, _ log: TestLog) async throws -> SQLValue {
        try await log.database.client.read(owner: "test", deadline: .soon) { connection in
            try await connection.query(
                "SELECT \(column) FROM audit_events WHERE sequence = \(sequence)",
                deadline: .soon
            ).first?.values.first ?? .null
        }
    }

    static let tamperings: [Tampering] = [
        Tampering("delete the first", .missing, 1, "row 1 is", "DELETE FROM audit_events WHERE sequence = 1"),
        Tampering("delete the middle", .missing, 4, "4 to 6", "DELETE FROM audit_events WHERE sequence IN (4, 5, 6)"),
        Tampering("delete the last", .missing, 10, "up to 9", "DELETE FROM audit_events WHERE sequence = 10"),
        Tampering("delete all", .missing, 1, "", "DELETE FROM audit_events"),
        Tampering(
            "cut the tail and mend the head",
            .rolledBack,
            9,
            "signed",
            "DELETE FROM audit_events WHERE sequence > 8",
            "UPDATE audit_head SET size = 8, hash = (SELECT hash FROM audit_events WHERE sequence = 8)"
        ),
        Tampering(
            "cut the tail, mend the head, remove checkpoints",
            .rolledBack,
            5,
            "signed",
            "DELETE FROM audit_events WHERE sequence > 4",
            "DELETE FROM audit_checkpoints WHERE size > 4",
            "UPDATE audit_head SET size = 4, hash = (SELECT hash FROM audit_events WHERE sequence = 4)"
        ),
        Tampering(
            "append a copy",
            .inserted,
            11,
            "rows up to 11",
            """
            INSERT INTO audit_events SELECT 11, 'new', time, node, actor_type, actor_id, actor_roles, actor_address, action,
            target_type, target_id, target_name, target_engine, phase, result, reason, ticket, detail, request_id, trace_id,
            action_id, fingerprints, previous_hash, hash FROM audit_events WHERE sequence = 10
            """
        ),
        Tampering(
            "insert before the first",
            .inserted,
            0,
            "row 0",
            """
            INSERT INTO audit_events SELECT 0, 'new', time, node, actor_type, actor_id, actor_roles, actor_address, action,
            target_type, target_id, target_name, target_engine, phase, result, reason, ticket, detail, request_id, trace_id,
            action_id, fingerprints, previous_hash, hash FROM audit_events WHERE sequence = 10
            """
        ),
        Tampering(
            "insert in the middle and shift the rest",
            .content,
            5,
            "id, previous_hash",
            "UPDATE audit_events SET sequence = -sequence WHERE sequence > 4",
            "UPDATE audit_events SET sequence = 1 - sequence WHERE sequence < 0",
            """
            INSERT INTO audit_events SELECT 5, 'new', time, node, actor_type, actor_id, actor_roles, actor_address, action,
            target_type, target_id, target_name, target_engine, phase, result, reason, ticket, detail, request_id, trace_id,
            action_id, fingerprints, previous_hash, hash FROM audit_events WHERE sequence = 4
            """,
            "UPDATE audit_head SET size = 11"
        ),
        Tampering(
            "exchange two",
            .hash,
            3,
            "previous_hash",
            "UPDATE audit_events SET sequence = -3 WHERE sequence = 3",
            "UPDATE audit_events SET sequence = 3 WHERE sequence = 7",
            "UPDATE audit_events SET sequence = 7 WHERE sequence = -3"
        ),
        Tampering("renumber one", .missing, 10, "", "UPDATE audit_events SET sequence = 20 WHERE sequence = 10"),
        Tampering(
            "renumber all",
            .missing,
            1,
            "row 1 is",
            "UPDATE audit_events SET sequence = -sequence",
            "UPDATE audit_events SET sequence = 1 - sequence",
            "UPDATE audit_head SET size = 11"
        ),
        Tampering("shorten the head", .head, 9, "", "UPDATE audit_head SET size = 9"),
        Tampering("lengthen the head", .missing, 11, "", "UPDATE audit_head SET size = 11"),
        Tampering(
            "another head hash",
            .head,
            10,
            "",
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE sequence = 9)"
        ),
        Tampering("another log id", .hash, 1, "previous_hash", "UPDATE audit_head SET log_id = 'other'"),
        Tampering("remove a checkpoint", .checkpoint, 5, "removed", "DELETE FROM audit_checkpoints WHERE size = 5"),
        Tampering(
            "remove the last checkpoint",
            .checkpoint,
            10,
            "removed",
            "DELETE FROM audit_checkpoints WHERE size = 10"
        ),
        Tampering("remove all checkpoints", .checkpoint, 10, "removed", "DELETE FROM audit_checkpoints"),
        Tampering(
            "change a checkpoint",
            .checkpoint,
            5,
            "",
            "UPDATE audit_checkpoints SET note = REPLACE(note, 'previous 0', 'previous 1') WHERE size = 5"
        ),
        Tampering(
            "move a checkpoint",
            .checkpoint,
            5,
            "removed",
            "UPDATE audit_checkpoints SET size = 7 WHERE size = 5"
        ),
        Tampering("empty a checkpoint", .checkpoint, 10, "", "UPDATE audit_checkpoints SET note = '' WHERE size = 10"),
    ]

    @Test(arguments: tamperings)
    func `what somebody with full rights does to the log is found`(tampering: Tampering) async throws {
        try await Self.withLog { log in
            try await Self.tamper(log, tampering.statements)

            let verification = try await log.verify()

            #expect(verification.exitCode == 1)
            #expect(verification.firstBadSequence ?? tampering.sequence == tampering.sequence)
            let fitting = verification.findings.filter {
                $0.kind == tampering.kind && $0.sequence == tampering.sequence
            }
            #expect(
                fitting.contains { tampering.words.isEmpty || $0.difference.contains(tampering.words) },
                "\(verification.findings)"
            )
        }
    }

    @Test func `a chain rebuilt after an edit, without the key, is found`() async throws {
        try await Self.withLog { log in
            let entries = try await log.entries()
            let logID = try #require(try await log.verify().logID)
            var previous = HashChain.start(logID: logID)
            var statements: [SQLStatement] = []
            for entry in entries {
                let value: (AuditField) -> AuditFieldValue = { field in
                    field == .reason && entry.sequence == 7 ? .text("forged") : entry.event.value(of: field)
                }
                let hash = try #require(HashChain.hash(after: previous, sequence: entry.sequence, value))
                guard case .text(let reason) = value(.reason) else {
                    statements.append(
                        """
                        UPDATE audit_events SET previous_hash = \(previous), hash = \(hash)
                        WHERE sequence = \(entry.sequence)
                        """
                    )
                    previous = hash
                    continue
                }
                statements.append(
                    """
                    UPDATE audit_events SET reason = \(reason), fingerprints = \(HashChain.fingerprints(value)),
                        previous_hash = \(previous), hash = \(hash)
                    WHERE sequence = \(entry.sequence)
                    """
                )
                previous = hash
            }
            statements.append("UPDATE audit_head SET hash = \(previous)")
            try await Self.tamper(log, statements)

            let verification = try await log.verify()

            #expect(verification.exitCode == 1)
            #expect(verification.signedUpTo == 5)
            #expect(verification.firstBadSequence == 6)
            #expect(verification.findings.first?.difference.contains("6 to 10") == true)
        }
    }

    @Test(arguments: Array(AuditProtection.triggers.keys).sorted())
    func `a dropped trigger is found`(name: String) async throws {
        try await Self.withLog { log in
            try await log.database.client.transaction(owner: "forger", deadline: .soon) { connection in
                try await connection.execute(script: "DROP TRIGGER \(name)", deadline: .soon)
            }

            let verification = try await log.verify()

            #expect(verification.exitCode == 1)
            #expect(verification.findings.map(\.difference) == ["the trigger \(name) was dropped"])
        }
    }

    @Test func `a trigger replaced by a harmless one is found`() async throws {
        try await Self.withLog { log in
            try await log.database.tamper(
                "DROP TRIGGER audit_events_no_update",
                "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN SELECT 1; END"
            )

            #expect(try await log.verify().findings.first?.difference.contains("replaced") == true)
        }
    }

    @Test func `an old copy of the whole database is convicted by the checkpoint file`() async throws {
        try await TemporaryDirectory.with { directory in
            let keys = SigningKeys(signing: SigningKeys.Key(.init()))
            try await MigratedDatabase.reopen(in: directory) { database in
                try await TestLog(database: database, keys: keys).record((1...3).map { .complete($0) })
            }
            try FileManager.default.copyItem(atPath: directory.file("resync.db"), toPath: directory.file("old.db"))
            try await MigratedDatabase.reopen(in: directory) { database in
                try await TestLog(database: database, keys: keys).record((4...6).map { .complete($0) })
            }
            for name in ["resync.db", "resync.db-wal", "resync.db-shm"]
            where FileManager.default.fileExists(atPath: directory.file(name)) {
                try FileManager.default.removeItem(atPath: directory.file(name))
            }
            try FileManager.default.moveItem(atPath: directory.file("old.db"), toPath: directory.file("resync.db"))

            let verification = try await MigratedDatabase.reopen(in: directory) { database in
                try await TestLog(database: database, keys: keys).verify()
            }

            #expect(verification.exitCode == 1)
            #expect(verification.firstBadSequence == 4)
            #expect(verification.findings.first?.kind == .rolledBack)
        }
    }

    @Test func `a checkpoint file of another key or another content is found`() async throws {
        try await Self.withLog { log in
            let other = TestLog(database: log.database, keys: SigningKeys(signing: SigningKeys.Key(.init())))
            #expect(try await other.verify().exitCode == 1)

            try PrivateFile.replace(log.settings.checkpointFile, contents: Array("not a checkpoint".utf8))
            #expect(try await log.verify().findings.first?.kind == .checkpoint)

            try FileManager.default.removeItem(atPath: log.settings.checkpointFile)
            #expect(try await log.verify().findings.first?.difference.contains("missing") == true)
        }
    }

    @Test func `a database that cannot be read is no evidence`() async throws {
        try await Self.withLog { log in
            try await log.database.client.transaction(owner: "test", deadline: .soon) { connection in
                try await connection.execute(script: "ALTER TABLE audit_head RENAME TO elsewhere", deadline: .soon)
            }

            let verification = try await log.verify()

            #expect(verification.exitCode == 2)
            guard case .unfinished(let reason) = verification.outcome else { return }
            #expect(reason.contains("audit_head"))
        }
    }

    @Test func `a log that grows meanwhile is intact`() async throws {
        try await Self.withLog { log in
            var settings = log.settings
            settings.checkpointEvents = 5
            let trail = try log.trail(settings: settings)
            try await log.running(trail) {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        for number in 0..<300 { _ = try await trail.record(.complete(number), deadline: .soon) }
                    }
                    for _ in 0..<20 { #expect(try await log.verify().outcome == .intact) }
                    try await group.waitForAll()
                }
            }
        }
    }
}

/// A column's name as part of a statement.
private struct RawColumn {
    let statement: SQLStatement

    init(_ name: String) {
        self.statement = SQLStatement(stringLiteral: name)
    }
}
