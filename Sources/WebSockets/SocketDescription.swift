/// One open connection, for listings.
package struct SocketDescription: Sendable {
    package let id: SocketID
    package let user: String
    package let address: String
    package let openedAt: ContinuousClock.Instant
    package let topics: [String]
    package let roundTripSeconds: Double?
    package let queuedMessages: Int
    package let queuedBytes: Int
    package let received: Int
    package let sent: Int
    package let compressed: Bool

    init(_ handler: SocketHandler) {
        self.id = handler.id
        self.user = handler.user.name
        self.address = handler.admission.address
        self.openedAt = handler.admission.admittedAt
        self.topics = handler.topicNames
        self.roundTripSeconds = handler.liveness.roundTrip.map { $0 / .seconds(1) }
        self.queuedMessages = handler.queue.count
        self.queuedBytes = handler.queue.bytes
        self.received = handler.received
        self.sent = handler.sent
        self.compressed = handler.compression
    }
}
