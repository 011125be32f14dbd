import Concurrency
import Crypto
import Database

/// Reads the whole log and says whether it is what was recorded.
///
/// Finds a change of any column, missing, added, renumbered and exchanged rows, a chain rebuilt without the key, dropped
/// or replaced triggers, removed or forged checkpoints, and a database older than the checkpoint in the file. Cannot
/// find: the removal of events since the last checkpoint by somebody who also mends the head, and anything done by
/// somebody who has the key and the file.
package struct AuditVerifier: Sendable {
    private let database: any DatabaseClient
    private let keys: [Curve25519.Signing.PublicKey]
    private let file: CheckpointFile

    package init(
        database: any DatabaseClient,
        keys: [Curve25519.Signing.PublicKey],
        checkpointFile: String
    ) {
        self.database = database
        self.keys = keys
        self.file = CheckpointFile(path: checkpointFile)
    }

    /// Throws only `CancellationError`; what keeps it from finishing is an outcome.
    package func verify(deadline: Deadline) async throws -> AuditVerification {
        var inspection = AuditInspection(keys: self.keys)
        do {
            try self.readFile(into: &inspection)
            let start = try await self.read(deadline) { queries in
                // The checkpoint before the head: a log that grows meanwhile never seems shorter than what was signed.
                let latest = try await queries.latestCheckpoint()
                let protection = try await AuditProtection.findings(queries.connection, deadline: queries.deadline)
                return (latest?.size, protection, try await queries.head())
            }
            inspection.begin(head: start.2, latestCheckpoint: start.0, protection: start.1)
            try await self.walk(&inspection, deadline: deadline)
            return inspection.verification(outcome: inspection.isClean ? .intact : .tampered)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return inspection.verification(outcome: .unfinished("\(error)"))
        }
    }

    private static let pageSize = 1000

    private func readFile(into inspection: inout AuditInspection) throws(AuditError) {
        do {
            inspection.fileRead(try self.file.read(keys: self.keys))
        } catch  where error.code == .corrupt {
            inspection.fileRefused("the file of the last checkpoint: \(error.message)")
        }
    }

    private func walk(_ inspection: inout AuditInspection, deadline: Deadline) async throws {
        var after = Int64.min
        while true {
            let (first, last) = (after, inspection.lastSequence)
            let rows = try await self.read(deadline) { queries in
                try await queries.rows(after: first, upTo: last, limit: Self.pageSize)
            }
            for row in rows { inspection.rowRead(row) }
            let isLastPage = rows.count < Self.pageSize
            let end = isLastPage ? last : try rows.last?.decode("sequence", as: Int64.self) ?? last
            let checkpoints = try await self.read(deadline) { queries in
                try await queries.checkpoints(from: first == .min ? .min : first + 1, upTo: end)
                    .map { AuditInspection.StoredCheckpoint(size: $0.size, note: $0.note) }
            }
            inspection.checkpointsRead(checkpoints)
            guard !isLastPage, end < last else { break }
            after = end
        }
        inspection.finish()
    }

    private func read<Value: Sendable>(
        _ deadline: Deadline,
        _ body: (AuditQueries) async throws -> Value
    ) async throws -> Value {
        let deadline = deadline.limited(to: .seconds(30))
        return try await self.database.read(owner: "audit-verify", deadline: deadline) { connection in
            try await body(AuditQueries(connection: connection, deadline: deadline))
        }
    }
}
