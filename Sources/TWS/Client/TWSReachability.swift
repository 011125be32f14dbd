import Resilience

/// When a master answered last, and why none does.
struct Contact: Sendable {
    var at: ContinuousClock.Instant?
    var error: String?
}

extension TWSEngineSettings {
    /// What an HTTP client for this engine has to connect to.
    package var origins: [String] { self.urls.map { TWSMaster(url: $0).origin } }
}

/// How an engine is reached at this moment.
package struct TWSReachability: Sendable {
    package let currentMaster: String
    package let masters: [String]
    /// Time since a master answered anything at all; nil when none ever has.
    package let sinceLastAnswer: Duration?
    /// Why no master could be reached at the last attempt; nil when one answered.
    package let error: String?
    package let breaker: CircuitBreakerSnapshot

    package var isReachable: Bool { self.sinceLastAnswer != nil && self.error == nil }
}

extension TWSClient {
    package var reachability: TWSReachability {
        let now = self.timing.now()
        let current = self.failover.withLock { $0.current }
        let contact = self.lastContact.withLock { $0 }
        return TWSReachability(
            currentMaster: current < self.masters.count ? self.masters[current].origin : "",
            masters: self.masters.map(\.origin),
            sinceLastAnswer: contact.at.map { $0.duration(to: now) },
            error: contact.error,
            breaker: self.breaker.snapshot
        )
    }
}
