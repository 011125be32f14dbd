/// `[audit]`: the audit trail.
package struct AuditSection: Sendable {
    package let spoolDirectory: String
    package let signingKeyFile: String
    package let spoolMaxBytes: Int
    package let checkpointInterval: Duration

    init(_ reader: inout SettingsReader) {
        reader.begin("audit", "The audit trail.")
        let spoolDirectory = reader.optional(
            .init(
                "spool_directory",
                "Where events are made durable before they reach the database; must survive a restart."
            ),
            .path
        )
        let signingKeyFile = reader.optional(
            .init(
                "signing_key_file",
                "File with the key that signs checkpoints; made at first start in development and test."
            ),
            .path
        )
        self.spoolMaxBytes = reader.value(
            .init("spool_max_bytes", "Most bytes waiting for the database; above it actions are refused."),
            .size(1_048_576...1_099_511_627_776),
            default: 1 << 30
        )
        self.checkpointInterval = reader.value(
            .init("checkpoint_interval", "How often a checkpoint is signed while events arrive."),
            .duration(.seconds(1)...(.seconds(86_400))),
            default: .seconds(60)
        )
        reader.check(spoolDirectory != nil, "spool_directory", expected: "a directory")
        reader.check(signingKeyFile != nil, "signing_key_file", expected: "the path of a key file")
        self.spoolDirectory = spoolDirectory ?? ""
        self.signingKeyFile = signingKeyFile ?? ""
    }
}
