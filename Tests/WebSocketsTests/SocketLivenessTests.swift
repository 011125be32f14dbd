import Testing

@testable import WebSockets

@Suite("Socket liveness")
struct SocketLivenessTests {
    private let start = ContinuousClock.now

    private func liveness(expiresIn: Duration = .seconds(1_000_000)) -> SocketLiveness {
        var settings = SocketSettings()
        settings.pingInterval = .seconds(25)
        settings.pongTimeout = .seconds(10)
        settings.idleTimeout = .seconds(90)
        settings.maximumDuration = .seconds(3600)
        return SocketLiveness(
            settings: settings,
            expiresAt: self.start.advanced(by: expiresIn),
            now: self.start,
            stagger: 1
        )
    }

    private func at(_ seconds: Int) -> ContinuousClock.Instant { self.start.advanced(by: .seconds(seconds)) }

    @Test func `a client that answers is pinged each interval and its round trip is known`() {
        var liveness = self.liveness()

        #expect(liveness.check(now: self.at(24)) == nil)
        #expect(liveness.check(now: self.at(25)) == .ping)
        liveness.pongReceived(now: self.at(26))
        #expect(liveness.roundTrip == .seconds(1))
        #expect(liveness.check(now: self.at(49)) == nil)
        #expect(liveness.check(now: self.at(50)) == .ping)
    }

    @Test func `a client that does not answer is closed after the timeout`() {
        var liveness = self.liveness()
        #expect(liveness.check(now: self.at(25)) == .ping)

        #expect(liveness.check(now: self.at(34)) == nil)
        guard case .close(.pongTimeout, _)? = liveness.check(now: self.at(35)) else {
            Issue.record("a close was expected")
            return
        }
    }

    @Test func `credentials that end close the connection unless they are renewed`() {
        var liveness = self.liveness(expiresIn: .seconds(60))
        var renewed = liveness
        renewed.credentialsRenewed(expiresAt: self.at(120))

        guard case .close(.tokenExpired, _)? = liveness.check(now: self.at(60)) else {
            Issue.record("a close was expected")
            return
        }
        #expect(renewed.check(now: self.at(60)) == .ping)
    }

    @Test func `no connection outlives its maximum duration`() {
        var liveness = self.liveness()
        liveness.received(now: self.at(3599))

        guard case .close(.maximumDuration, _)? = liveness.check(now: self.at(3600)) else {
            Issue.record("a close was expected")
            return
        }
    }
}
