/// How many messages a client may send: a token bucket that holds two seconds' worth.
struct InboundBudget {
    private let perSecond: Double
    private var tokens: Double
    private var refilledAt: ContinuousClock.Instant

    init(perSecond: Int, now: ContinuousClock.Instant) {
        self.perSecond = Double(perSecond)
        self.tokens = 2 * Double(perSecond)
        self.refilledAt = now
    }

    mutating func take(now: ContinuousClock.Instant) -> Bool {
        let elapsed = self.refilledAt.duration(to: now) / .seconds(1)
        self.refilledAt = now
        self.tokens = min(2 * self.perSecond, self.tokens + elapsed * self.perSecond)
        guard self.tokens >= 1 else { return false }
        self.tokens -= 1
        return true
    }
}
