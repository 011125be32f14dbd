/// `[monitoring]`: metrics and their history.
package struct MonitoringSection: Sendable {
    package let metricsToken: Secret?
    package let historyDuration: Duration
    package let historyInterval: Duration

    init(_ reader: inout SettingsReader) {
        reader.begin("monitoring", "Metrics and their history.")
        self.metricsToken = reader.optional(
            .init(
                "metrics_token",
                "Bearer token that may read `/metrics` from other hosts, beside viewers.",
                secret: true
            ),
            .secret
        )
        self.historyDuration = reader.value(
            .init("history_duration", "How far back `/api/v1/metrics/history` reaches."),
            .duration(.seconds(60)...(.seconds(86_400))),
            default: .seconds(3600)
        )
        self.historyInterval = reader.value(
            .init("history_interval", "Time between two points of it."),
            .duration(.seconds(1)...(.seconds(300))),
            default: .seconds(5)
        )
        reader.check(
            self.historyInterval * 10 <= self.historyDuration,
            "history_duration",
            "history_interval",
            expected: "at least ten times history_interval (\(DurationFormat.write(self.historyInterval)))"
        )
        reader.check(
            self.metricsToken.map { $0.revealed.utf8.count >= 16 } ?? true,
            "metrics_token",
            expected: "at least 16 characters"
        )
    }
}
