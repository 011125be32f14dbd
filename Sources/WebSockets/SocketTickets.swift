import Collections
import Concurrency
import Foundation

/// One-use tickets that let a browser open a WebSocket: it cannot send a bearer header there.
///
/// A ticket is worth 30 seconds, is bound to its user and to the Origin it was asked from, and is gone once presented.
/// At most 10,000 are outstanding; the oldest gives way.
package final class SocketTickets: Sendable {
    package static let lifetime: Duration = .seconds(30)
    private static let maximumOutstanding = 10_000

    private struct Ticket {
        let user: SocketUser
        let origin: String?
        let expiresAt: ContinuousClock.Instant
    }

    private let tickets = Locked<OrderedDictionary<String, Ticket>>([:])

    package init() {}

    package func issue(to user: SocketUser, origin: String?, now: ContinuousClock.Instant = .now) -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        let name = Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let ticket = Ticket(user: user, origin: origin, expiresAt: now.advanced(by: Self.lifetime))
        self.tickets.withLock { tickets in
            while let first = tickets.elements.first,
                first.value.expiresAt <= now || tickets.count >= Self.maximumOutstanding
            {
                tickets.removeFirst()
            }
            tickets[name] = ticket
        }
        return name
    }

    /// The user of a valid ticket, once; nil for anything else.
    package func redeem(_ name: String, origin: String?, now: ContinuousClock.Instant = .now) -> SocketUser? {
        guard let ticket = self.tickets.withLock({ $0.removeValue(forKey: name) }) else { return nil }
        guard ticket.expiresAt > now, ticket.origin == nil || ticket.origin == origin else { return nil }
        return ticket.user
    }
}
