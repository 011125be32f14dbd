import Crypto

/// One step of the schema: a numbered file of SQL statements, never edited once it has been applied anywhere.
package struct Migration: Sendable, Hashable {
    /// Counted from 1 without gaps; also the version of the schema after this step.
    package let number: Int
    package let name: String
    package let script: String

    /// SHA-256 of the script in lower-case hexadecimal, by which a later edit is noticed.
    package let digest: String

    package init(number: Int, name: String, script: String) {
        self.number = number
        self.name = name
        self.script = script
        self.digest = SHA256.hash(data: Array(script.utf8)).map(Self.hexadecimal).joined()
    }

    /// Reads number and name from `NNNN_name.sql`; nil when the name has another form.
    package init?(fileName: String, script: String) {
        guard let match = fileName.wholeMatch(of: /([0-9]{4})_([a-z0-9_]+)\.sql/), let number = Int(match.1) else {
            return nil
        }
        self.init(number: number, name: String(match.2), script: script)
    }

    /// The name of its file without the extension, for example `0001_accounts`.
    package var title: String {
        let digits = String(self.number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + self.name
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }
}

/// A migration as the database remembers it.
package struct AppliedMigration: Sendable, Hashable {
    package let number: Int
    package let name: String
    package let digest: String

    package init(number: Int, name: String, digest: String) {
        self.number = number
        self.name = name
        self.digest = digest
    }

    init(_ row: SQLRow) throws(DatabaseError) {
        self.number = try row.decode("number")
        self.name = try row.decode("name")
        self.digest = try row.decode("digest")
    }
}
