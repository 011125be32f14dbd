import Concurrency
import Database
import Foundation
import KeyFiles

/// Signs how far the log has come, after proving that it still continues what was signed last.
struct CheckpointSigner: Sendable {
    let database: any DatabaseClient
    let keys: SigningKeys
    let file: CheckpointFile

    private static let pageSize = 1000

    /// Signs the log as it is now; returns the newest checkpoint, which is the old one when the log has not grown.
    ///
    /// Throws `.corrupt`, signing nothing, when the log does not continue the last checkpoint: rows signed before are
    /// gone or changed, or rows since then do not join. An old copy of the database is noticed here. A log that is not
    /// empty is not signed without its last checkpoint either: whoever removed the file could have changed everything.
    func sign(now: Date, deadline: Deadline) async throws -> Checkpoint {
        let last = try self.file.read(keys: self.keys.all.map(\.publicKey))
        let head = try await self.database.read(owner: "audit-checkpoint", deadline: deadline) { connection in
            try await AuditQueries(connection: connection, deadline: deadline).head()
        }
        if let last, last.logID == head.logID, last.size == head.size, last.hash == head.hash { return last }
        try await self.prove(head, continues: last, deadline: deadline)
        let checkpoint = try Checkpoint(
            logID: head.logID,
            size: head.size,
            hash: head.hash,
            time: Int64(now.timeIntervalSince1970 * 1000),
            previousSize: last?.size,
            signedWith: self.keys.signing
        )
        // The database first: the file must never know more than the database has.
        let note = try await self.database.transaction(owner: "audit-checkpoint", deadline: deadline) { connection in
            try await AuditQueries(connection: connection, deadline: deadline).insertCheckpoint(checkpoint)
        }
        let stored = try Checkpoint(note: note, keys: self.keys.all.map(\.publicKey))
        guard stored.hash == checkpoint.hash, stored.logID == checkpoint.logID else {
            throw AuditError(.corrupt, "there is a checkpoint of size \(stored.size) that signs another log")
        }
        try self.file.write(stored)
        return stored
    }

    private func prove(
        _ head: AuditQueries.Head,
        continues last: Checkpoint?,
        deadline: Deadline
    ) async throws {
        guard let last else {
            guard head.size == 0, head.lastSequence == 0 else {
                throw AuditError(
                    .corrupt,
                    "the log has \(head.size) events, but the file of its last checkpoint, \(self.file.path), is missing"
                )
            }
            return
        }
        guard last.logID == head.logID else {
            throw AuditError(.corrupt, "the last checkpoint belongs to the log \(last.logID), not to \(head.logID)")
        }
        guard last.size <= head.size else {
            throw AuditError(
                .corrupt,
                "the log has \(head.size) events, but \(last.size) were signed: it was cut off or is an old copy"
            )
        }
        var walk = try await self.walk(from: last, head: head, deadline: deadline)
        while walk.sequence < head.size {
            let rows = try await self.rows(after: walk.sequence, upTo: head.size, deadline: deadline)
            guard !rows.isEmpty else { break }
            for row in rows {
                guard let finding = walk.advance(over: row) else { continue }
                throw AuditError(.corrupt, "event \(finding.sequence ?? 0): \(finding.difference)")
            }
        }
        guard walk.sequence == head.size, walk.hash == head.hash else {
            throw AuditError(.corrupt, "the head of the log, size \(head.size), does not fit its last event")
        }
    }

    /// Checks that the last signed event is still there, and begins behind it.
    private func walk(
        from last: Checkpoint,
        head: AuditQueries.Head,
        deadline: Deadline
    ) async throws -> ChainWalk {
        guard last.size > 0 else { return ChainWalk(after: 0, hash: HashChain.start(logID: head.logID)) }
        let rows = try await self.rows(after: last.size - 1, upTo: last.size, deadline: deadline)
        // Anything but the text that was signed is as wrong as another text.
        guard let row = rows.first, (try? row.decode("hash", as: String.self)) == last.hash else {
            throw AuditError(.corrupt, "event \(last.size) is not the one that was signed")
        }
        return ChainWalk(after: last.size, hash: last.hash)
    }

    private func rows(after sequence: Int64, upTo last: Int64, deadline: Deadline) async throws -> [SQLRow] {
        try await self.database.read(owner: "audit-checkpoint", deadline: deadline) { connection in
            try await AuditQueries(connection: connection, deadline: deadline)
                .rows(after: sequence, upTo: last, limit: Self.pageSize)
        }
    }
}
