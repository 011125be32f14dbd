/// When a circuit breaker opens, for how long, and how it closes again.
package struct CircuitBreakerSettings: Sendable, Hashable {
    /// How far back calls are counted.
    package var window: Duration = .seconds(10)
    /// Rates mean nothing below this many calls: at 20 calls and a rate of one half, a dependency that fails one call in
    /// ten trips the breaker with a probability of 7e-6.
    package var minimumCalls = 20
    package var failureRate = 0.5
    package var slowRate = 0.8
    /// A call is slow above this and above four times the median.
    package var slowCall: Duration = .seconds(5)
    /// For little traffic: so many failures in a row open it without a rate.
    package var consecutiveFailures = 5
    /// The first time open; doubles with each opening that follows, up to ``maximumOpenTime``.
    package var openTime: Duration = .seconds(1)
    package var maximumOpenTime: Duration = .seconds(30)
    /// After so long closed, the next opening is a first one again.
    package var forgetAfter: Duration = .seconds(60)
    /// Half-open: so many successes in a row close it.
    package var closingSuccesses = 5
    /// Half-open: a probe without an answer after this counts as failed.
    package var probeTimeout: Duration = .seconds(30)
    /// After closing, for so long, calls are refused in proportion to those that fail.
    package var ramp: Duration = .seconds(10)

    package init() {}
}
