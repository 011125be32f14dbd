import Testing

@testable import WebSockets

@Suite("Socket registry")
struct SocketRegistryTests {
    private let now = ContinuousClock.now

    private func user(_ name: String) -> SocketUser {
        SocketUser(name: name, roles: [], expiresAt: self.now.advanced(by: .seconds(600)))
    }

    private func registry() -> SocketRegistry {
        var settings = SocketSettings()
        settings.maximumConnections = 3
        settings.maximumPerUser = 2
        settings.maximumPerAddress = 2
        return SocketRegistry(settings: settings)
    }

    @Test func `each limit refuses with its own reason and gives way when a place is free`() throws {
        var registry = self.registry()
        let first = try registry.admit(user: self.user("a"), address: "1", now: self.now)
        _ = try registry.admit(user: self.user("a"), address: "2", now: self.now)

        #expect(registry.refusal(user: "a", address: "3")?.reason == .tooManyForUser)
        #expect(registry.refusal(user: "b", address: "2") == nil)
        _ = try registry.admit(user: self.user("b"), address: "2", now: self.now)
        #expect(registry.refusal(user: "c", address: "3")?.reason == .full)
        #expect(throws: SocketRefusal.self) { try registry.admit(user: self.user("c"), address: "3", now: self.now) }
        #expect(registry.opened(first) == true)
        registry.ended(first)
        #expect(registry.refusal(user: "c", address: "2")?.reason == .tooManyForAddress)
        #expect(registry.refusal(user: "a", address: "1") == nil)
    }

    @Test func `an upgrade that never happens gives its place back`() throws {
        var registry = self.registry()
        let admission = try registry.admit(user: self.user("a"), address: "1", now: self.now)

        #expect(registry.expire(now: self.now.advanced(by: .seconds(9))) == 0)
        #expect(registry.expire(now: self.now.advanced(by: .seconds(10))) == 1)

        #expect(registry.taken == 0)
        #expect(registry.opened(admission) == false, "too late")
    }

    @Test func `with fewer places than are taken nobody is let in until enough have left`() throws {
        var registry = self.registry()
        let first = try registry.admit(user: self.user("a"), address: "1", now: self.now)
        let second = try registry.admit(user: self.user("b"), address: "2", now: self.now)
        #expect(registry.opened(first) == true)
        #expect(registry.opened(second) == true)
        registry.maximumConnections = 1

        registry.ended(first)
        #expect(registry.refusal(user: "c", address: "3")?.reason == .full)
        registry.ended(second)
        #expect(registry.refusal(user: "c", address: "3") == nil)
    }

    @Test func `a draining server refuses everybody`() {
        var registry = self.registry()
        registry.intake = .draining

        #expect(registry.refusal(user: "a", address: "1")?.reason == .draining)
    }

    @Test func `a ticket is worth one use, its origin and thirty seconds`() {
        let tickets = SocketTickets()
        let bound = tickets.issue(to: self.user("a"), origin: "https://one", now: self.now)
        let late = tickets.issue(to: self.user("a"), origin: nil, now: self.now)
        let free = tickets.issue(to: self.user("b"), origin: nil, now: self.now)

        #expect(tickets.redeem(bound, origin: "https://two", now: self.now) == nil)
        #expect(tickets.redeem(bound, origin: "https://one", now: self.now) == nil, "a wrong try used it up")
        #expect(tickets.redeem(late, origin: nil, now: self.now.advanced(by: .seconds(30))) == nil)
        #expect(tickets.redeem(free, origin: "https://any", now: self.now)?.name == "b")
        #expect(tickets.redeem(free, origin: nil, now: self.now) == nil)
    }
}
