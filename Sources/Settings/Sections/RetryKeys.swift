/// The `retry_…` keys of a pool section.
package struct RetryKeys: Sendable {
    /// The first attempt included.
    package let attempts: Int
    package let baseDelay: Duration
    package let maxDelay: Duration
    /// Retries as a share of first attempts, 0 to 1.
    package let budget: Double

    init(_ reader: inout SettingsReader, used: Bool) {
        self.attempts = reader.value(
            .init("retry_attempts", "Attempts of an idempotent operation, the first included.", used: used),
            .integer(1...10),
            default: 3
        )
        self.baseDelay = reader.value(
            .init(
                "retry_base_delay",
                "Upper bound of the random delay before the second attempt; doubles from there.",
                used: used
            ),
            .duration(.milliseconds(1)...(.seconds(60))),
            default: .milliseconds(50)
        )
        self.maxDelay = reader.value(
            .init("retry_max_delay", "Where the doubling ends.", used: used),
            .duration(.milliseconds(1)...(.seconds(600))),
            default: .seconds(5)
        )
        self.budget = reader.value(
            .init("retry_budget", "Retries allowed as a share of first attempts.", used: used),
            .percent(0...100),
            default: 0.1
        )
        reader.check(
            self.baseDelay <= self.maxDelay,
            "retry_base_delay",
            "retry_max_delay",
            expected: "at most retry_max_delay (\(DurationFormat.write(self.maxDelay)))"
        )
    }
}
