/// `[alerts]`: the built-in alert evaluation.
package struct AlertsSection: Sendable {
    package let rulesFile: String?
    package let evaluationInterval: Duration

    init(_ reader: inout SettingsReader) {
        reader.begin("alerts", "The built-in alert evaluation.")
        self.rulesFile = reader.optional(
            .init("rules_file", "File with alert rules. Unset: the built-in ones.", reloadable: true, used: false),
            .path
        )
        self.evaluationInterval = reader.value(
            .init("evaluation_interval", "How often the rules are evaluated.", used: false),
            .duration(.seconds(1)...(.seconds(600))),
            default: .seconds(15)
        )
    }
}
