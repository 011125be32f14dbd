import Database

/// Follows the chain over the rows of the log and says where it breaks and why.
struct ChainWalk {
    private(set) var sequence: Int64
    private(set) var hash: String

    init(after sequence: Int64, hash: String) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Goes on by one row; returns what is wrong with it, or nil.
    ///
    /// After a finding the walk goes on from what the row claims, so that one edit is one finding.
    mutating func advance(over row: SQLRow) -> AuditFinding? {
        // Whatever the column holds instead, it is the same finding.
        guard let found = try? row.decode("sequence", as: Int64.self) else {
            return AuditFinding(
                .content,
                sequence: self.sequence + 1,
                "the sequence after \(self.sequence) is not a number"
            )
        }
        let expected = self.sequence + 1
        guard found == expected else { return self.jump(to: found, expected: expected, row: row) }
        return self.check(row, at: found)
    }

    private mutating func jump(to found: Int64, expected: Int64, row: SQLRow) -> AuditFinding {
        guard found > expected else {
            return AuditFinding(.inserted, sequence: found, "there is a row \(found), where none has ever been written")
        }
        self.sequence = found
        self.hash = Self.text("hash", of: row) ?? self.hash
        let range = found - 1 == expected ? "row \(expected) is" : "rows \(expected) to \(found - 1) are"
        return AuditFinding(.missing, sequence: expected, "\(range) missing")
    }

    private mutating func check(_ row: SQLRow, at sequence: Int64) -> AuditFinding? {
        let previous = self.hash
        self.sequence = sequence
        let values: [AuditField: AuditFieldValue]
        do throws(AuditError) {
            values = try Self.values(of: row)
        } catch {
            self.hash = Self.text("hash", of: row) ?? previous
            return AuditFinding(.content, sequence: sequence, error.message)
        }
        let computed = HashChain.hash(after: previous, sequence: sequence) { values[$0] ?? .absent }
        let stored = Self.text("hash", of: row)
        let edited = Self.editedFields(row, values)
        var columns = edited ?? ["fingerprints"]
        if Self.text("previous_hash", of: row) != previous { columns.append("previous_hash") }

        if computed == stored, stored != nil {
            self.hash = stored ?? previous
            // The facts are what was hashed, so a fingerprint that does not fit was edited itself.
            if columns.isEmpty { return nil }
            let derived = columns.contains("previous_hash") ? ["previous_hash"] : ["fingerprints"]
            return AuditFinding(.content, sequence: sequence, Self.words(derived, computed, stored))
        }
        if columns.isEmpty { columns = ["hash"] }
        self.hash = (columns == ["hash"] ? computed : stored) ?? previous
        return AuditFinding(
            columns == ["hash"] || columns == ["previous_hash"] ? .hash : .content,
            sequence: sequence,
            Self.words(columns, computed, stored)
        )
    }

    private static func words(_ columns: [String], _ computed: String?, _ stored: String?) -> String {
        let names = columns.joined(separator: ", ")
        let verb = columns.count == 1 ? "is" : "are"
        return
            "\(names) \(verb) not what was recorded (hash computed \(computed ?? "none"), stored \(stored ?? "none"))"
    }

    /// The facts whose fingerprints do not fit; nil when the column is not one of fingerprints at all.
    private static func editedFields(_ row: SQLRow, _ values: [AuditField: AuditFieldValue]) -> [String]? {
        guard let stored = Self.text("fingerprints", of: row) else { return nil }
        let expected = HashChain.fingerprints { values[$0] ?? .absent }
        guard stored.utf8.count == expected.utf8.count else { return nil }
        let pairs = zip(Array(stored.utf8), Array(expected.utf8)).map { $0 == $1 }
        return AuditField.allCases.enumerated().compactMap { index, field in
            pairs[(8 * index)..<(8 * index + 8)].allSatisfy { $0 } ? nil : field.rawValue
        }
    }

    private static func values(of row: SQLRow) throws(AuditError) -> [AuditField: AuditFieldValue] {
        var values: [AuditField: AuditFieldValue] = [:]
        for field in AuditField.allCases { values[field] = try row.auditValue(of: field) }
        return values
    }

    /// Nil for anything but text: a changed kind of value is as wrong as a changed value.
    private static func text(_ column: String, of row: SQLRow) -> String? {
        // See above: the caller reports the missing text.
        try? row.decode(column, as: String.self)
    }
}
