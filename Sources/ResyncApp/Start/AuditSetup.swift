import Auditing
import KeyFiles
import Logging
import SQLite
import Settings

/// How the settings become an audit log.
struct AuditSetup {
    private let settings: ResyncSettings
    private let keys: SigningKeys
    private let database: SQLiteDatabase

    /// Reads the signing key; in development and test it is made when it is missing.
    init(_ settings: ResyncSettings, _ database: SQLiteDatabase) throws {
        self.settings = settings
        self.keys = try Accounts.keys(settings.audit.signingKeyFile, settings)
        self.database = database
    }

    /// Opens a spool; events that are recorded from now on are kept, whether anything runs or not.
    func trail(
        node: String,
        logger: Logger,
        shipped: @escaping @Sendable ([AuditEntry]) -> Void = { _ in }
    ) throws -> AuditTrail {
        var audit = AuditSettings(
            spoolDirectory: self.settings.audit.spoolDirectory,
            checkpointFile: self.checkpointFile,
            node: node
        )
        audit.maximumSpoolBytes = self.settings.audit.spoolMaxBytes
        audit.checkpointInterval = self.settings.audit.checkpointInterval
        return try AuditTrail(
            database: self.database,
            settings: audit,
            keys: self.keys,
            logger: logger,
            shipped: shipped
        )
    }

    var verifier: AuditVerifier {
        AuditVerifier(
            database: self.database,
            keys: self.keys.all.map(\.publicKey),
            checkpointFile: self.checkpointFile
        )
    }

    var export: AuditExport {
        AuditExport(
            database: self.database,
            keys: self.keys.all.map { .init(id: $0.id, publicKey: Array($0.publicKey.rawRepresentation)) }
        )
    }

    /// Beside the spool and outside the database, which it convicts when that was rolled back.
    private var checkpointFile: String { "\(self.settings.audit.spoolDirectory).checkpoint" }
}
