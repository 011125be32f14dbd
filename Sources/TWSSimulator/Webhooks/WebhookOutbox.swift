import Collections

/// Who wants to be told of which events, and what has not been told yet.
///
/// One delivery at a time for each, in the order of the events. When a receiver is slower than the plan, events that
/// no longer fit in are dropped and counted.
struct WebhookOutbox: Sendable {
    /// A receiver.
    struct Webhook: Sendable {
        let id: String
        let address: WebhookAddress
        let kinds: Set<JobEvent.Kind>
        fileprivate(set) var waiting: Deque<[UInt8]> = []
        fileprivate var isSending = false
        fileprivate(set) var delivered = 0
        fileprivate(set) var failed = 0
        fileprivate(set) var dropped = 0
    }

    /// An event on its way to one receiver.
    struct Delivery: Sendable {
        let webhook: String
        let address: WebhookAddress
        let body: [UInt8]
    }

    private(set) var webhooks: [Webhook] = []
    private var registered = 0

    static let maximumWaiting = 10_000
    static let maximumWebhooks = 100

    var isEmpty: Bool { self.webhooks.isEmpty }

    /// Whether there is something that could be sent now.
    var hasDeliveries: Bool { self.webhooks.contains { !$0.isSending && !$0.waiting.isEmpty } }

    /// Nil when there are too many already.
    mutating func register(_ address: WebhookAddress, kinds: Set<JobEvent.Kind>) -> Webhook? {
        guard self.webhooks.count < Self.maximumWebhooks else { return nil }
        self.registered += 1
        let webhook = Webhook(id: "webhook\(self.registered)", address: address, kinds: kinds)
        self.webhooks.append(webhook)
        return webhook
    }

    /// Whether there was one of this id.
    mutating func remove(_ id: String) -> Bool {
        let count = self.webhooks.count
        self.webhooks.removeAll { $0.id == id }
        return self.webhooks.count < count
    }

    /// Puts an event into the queue of everybody who wants it; returns how many those are.
    @discardableResult
    mutating func add(_ kind: JobEvent.Kind, _ body: [UInt8]) -> Int {
        var receivers = 0
        for index in self.webhooks.indices where self.webhooks[index].kinds.contains(kind) {
            receivers += 1
            if self.webhooks[index].waiting.count < Self.maximumWaiting {
                self.webhooks[index].waiting.append(body)
            } else {
                self.webhooks[index].dropped += 1
            }
        }
        return receivers
    }

    /// What can be sent now; each has to be followed by `finish`.
    mutating func takeDeliveries() -> [Delivery] {
        var deliveries: [Delivery] = []
        for index in self.webhooks.indices where !self.webhooks[index].isSending {
            guard let body = self.webhooks[index].waiting.popFirst() else { continue }
            self.webhooks[index].isSending = true
            let webhook = self.webhooks[index]
            deliveries.append(Delivery(webhook: webhook.id, address: webhook.address, body: body))
        }
        return deliveries
    }

    mutating func finish(_ id: String, delivered: Bool) {
        guard let index = self.webhooks.firstIndex(where: { $0.id == id }) else { return }
        self.webhooks[index].isSending = false
        if delivered {
            self.webhooks[index].delivered += 1
        } else {
            self.webhooks[index].failed += 1
        }
    }
}
