/// How long to wait before another attempt: exponential with full jitter.
///
/// Full jitter spreads the retries of many clients best:
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
package struct Backoff: Sendable, Hashable {
    package var base: Duration
    package var cap: Duration

    package init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// A delay in 0...min(cap, base · 2^(attempt − 2)); `attempt` counts from 1, so the first with a delay is 2.
    ///
    /// The other side's advice is a lower bound, with up to a tenth on top so that those advised alike do not return
    /// together.
    package func delay(beforeAttempt attempt: Int, random: Double, advice: Duration? = nil) -> Duration {
        if let advice { return advice * (1 + random / 10) }
        let doublings = min(max(attempt - 2, 0), 30)
        return min(self.cap, self.base * (1 << doublings)) * random
    }
}
