/// The `breaker_…` keys of a pool section: when calls to a failing backend stop, and for how long.
package struct BreakerKeys: Sendable {
    package let window: Duration
    package let minimumCalls: Int
    /// 0 to 1.
    package let failureRate: Double
    /// 0 to 1.
    package let slowRate: Double
    package let slowThreshold: Duration
    package let openTime: Duration
    package let maxOpenTime: Duration

    init(_ reader: inout SettingsReader, used: Bool) {
        self.window = reader.value(
            .init("breaker_window", "Calls of this long are counted.", used: used),
            .duration(.seconds(1)...(.seconds(600))),
            default: .seconds(10)
        )
        self.minimumCalls = reader.value(
            .init("breaker_minimum_calls", "Fewer calls in the window say nothing.", used: used),
            .integer(1...100_000),
            default: 20
        )
        self.failureRate = reader.value(
            .init("breaker_failure_rate", "Share of failed calls that opens the breaker.", used: used),
            .percent(1...100),
            default: 0.5
        )
        self.slowRate = reader.value(
            .init("breaker_slow_rate", "Share of slow calls that opens the breaker.", used: used),
            .percent(1...100),
            default: 0.8
        )
        self.slowThreshold = reader.value(
            .init("breaker_slow_threshold", "A call is slow above this.", used: used),
            .duration(.milliseconds(1)...(.seconds(600))),
            default: .seconds(10)
        )
        self.openTime = reader.value(
            .init(
                "breaker_open_time",
                "First time the breaker stays open; doubles with every failed probe.",
                used: used
            ),
            .duration(.milliseconds(10)...(.seconds(600))),
            default: .seconds(1)
        )
        self.maxOpenTime = reader.value(
            .init("breaker_max_open_time", "Where the doubling ends.", used: used),
            .duration(.milliseconds(10)...(.seconds(3600))),
            default: .seconds(30)
        )
        reader.check(
            self.openTime <= self.maxOpenTime,
            "breaker_open_time",
            "breaker_max_open_time",
            expected: "at most breaker_max_open_time (\(DurationFormat.write(self.maxOpenTime)))"
        )
    }
}
