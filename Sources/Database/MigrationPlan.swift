/// What lies between a database and the schema a program knows.
package struct MigrationPlan: Sendable, Hashable {
    /// The version of the schema: the number of the newest migration applied, 0 for an empty database.
    package let version: Int

    /// The version this program needs.
    package let neededVersion: Int

    /// What has to be applied, in order.
    package let pending: [Migration]

    /// Compares the two; throws `.digestDiffers` or `.schemaNewer` when nothing can be applied on top.
    ///
    /// `known` and `applied` are in the order of their numbers; `known` has no gaps, which `Migrator` has checked.
    init(known: [Migration], applied: [AppliedMigration]) throws(DatabaseError) {
        for (index, step) in applied.enumerated() {
            guard index < known.count else { throw Self.newer(applied: applied, known: known) }
            let file = known[index]
            guard step.number == file.number, step.digest == file.digest else {
                throw DatabaseError(
                    .digestDiffers,
                    """
                    migration \(step.number) was applied as \(step.name) with SHA-256 \(step.digest), but the file \
                    \(file.title).sql has \(file.digest)
                    """
                )
            }
        }
        self.version = applied.last?.number ?? 0
        self.neededVersion = known.last?.number ?? 0
        self.pending = Array(known.dropFirst(applied.count))
    }

    /// Throws `.schemaBehind`, naming what is missing, unless nothing is pending.
    package func requireCurrent() throws(DatabaseError) {
        guard !self.pending.isEmpty else { return }
        let titles = self.pending.map(\.title).joined(separator: ", ")
        throw DatabaseError(
            .schemaBehind,
            "the schema is at version \(self.version), this program needs \(self.neededVersion); missing: \(titles)"
        )
    }

    private static func newer(applied: [AppliedMigration], known: [Migration]) -> DatabaseError {
        DatabaseError(
            .schemaNewer,
            """
            the schema is at version \(applied.last?.number ?? 0), this program knows it up to \
            \(known.last?.number ?? 0); a newer program has migrated the database
            """
        )
    }
}
