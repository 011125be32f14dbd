/// Decides when a connection is pinged and when it has lived long enough.
///
/// A pure value: `now` is passed in, and one sweep per second over all connections of an event loop asks `check`, instead
/// of a timer for each.
struct SocketLiveness {
    enum Action: Hashable {
        case ping
        case close(SocketCloseCode, reason: String)
    }

    private let settings: SocketSettings
    private let openedAt: ContinuousClock.Instant
    private var lastReceived: ContinuousClock.Instant
    private var nextPing: ContinuousClock.Instant
    private var pingedAt: ContinuousClock.Instant?
    private(set) var expiresAt: ContinuousClock.Instant
    /// Smoothed time from a ping to its pong; nil before the first pong.
    private(set) var roundTrip: Duration?

    /// `stagger` between 0 and 1 spreads the first pings of connections that open together over one interval.
    init(settings: SocketSettings, expiresAt: ContinuousClock.Instant, now: ContinuousClock.Instant, stagger: Double) {
        self.settings = settings
        self.openedAt = now
        self.lastReceived = now
        self.nextPing = now.advanced(by: settings.pingInterval * stagger)
        self.expiresAt = expiresAt
    }

    mutating func received(now: ContinuousClock.Instant) {
        self.lastReceived = now
    }

    mutating func pongReceived(now: ContinuousClock.Instant) {
        self.lastReceived = now
        guard let pingedAt else { return }
        self.pingedAt = nil
        let sample = pingedAt.duration(to: now)
        self.roundTrip = self.roundTrip.map { $0 * 0.875 + sample * 0.125 } ?? sample
    }

    mutating func credentialsRenewed(expiresAt: ContinuousClock.Instant) {
        self.expiresAt = expiresAt
    }

    mutating func check(now: ContinuousClock.Instant) -> Action? {
        if now >= self.expiresAt { return .close(.tokenExpired, reason: "the access token has expired") }
        if self.openedAt.duration(to: now) >= self.settings.maximumDuration {
            return .close(.maximumDuration, reason: "the connection has reached its maximum duration")
        }
        if let pingedAt, pingedAt.duration(to: now) >= self.settings.pongTimeout {
            return .close(.pongTimeout, reason: "no pong came in time")
        }
        if self.lastReceived.duration(to: now) >= self.settings.idleTimeout {
            return .close(.idle, reason: "nothing was received for too long")
        }
        guard self.pingedAt == nil, now >= self.nextPing else { return nil }
        self.pingedAt = now
        self.nextPing = now.advanced(by: self.settings.pingInterval)
        return .ping
    }
}
