import NIOCore

/// The connections and subscriptions of one event loop, and the passing on of what is published.
///
/// Confined to its event loop. One pass over the mailbox writes every event to every subscriber as the same bytes, and
/// flushes each connection once at the end: a flush per event would cost a system call each.
final class EventLoopHub {
    let index: Int
    let eventLoop: any EventLoop
    private(set) var connections: [SocketID: SocketHandler] = [:]
    private var subscribers: [String: [SocketHandler]] = [:]
    private var needFlush: [SocketHandler] = []

    init(index: Int, eventLoop: any EventLoop) {
        self.index = index
        self.eventLoop = eventLoop
    }

    func add(_ connection: SocketHandler) {
        self.connections[connection.id] = connection
    }

    func remove(_ connection: SocketHandler) {
        self.connections[connection.id] = nil
    }

    func subscribers(of topic: String) -> [SocketHandler] { self.subscribers[topic] ?? [] }

    /// Adds a subscriber and gives its index in the topic's list, which the connection keeps for leaving it.
    func subscribe(_ connection: SocketHandler, to topic: String) -> Int {
        self.subscribers[topic, default: []].append(connection)
        return (self.subscribers[topic]?.count ?? 1) - 1
    }

    /// Fills the leaver's place with the last subscriber, so that leaving costs the same however many there are.
    func unsubscribe(_ connection: SocketHandler, from topic: String, index: Int) {
        guard var list = self.subscribers.removeValue(forKey: topic), list.indices.contains(index),
            list[index] === connection
        else { return }
        list.swapAt(index, list.count - 1)
        list.removeLast()
        if index < list.count { list[index].moved(to: index, in: topic) }
        if !list.isEmpty { self.subscribers[topic] = list }
    }

    func deliver(_ deliveries: [TopicHistory.Delivery]) {
        for delivery in deliveries {
            switch delivery {
            case .event(let event):
                guard let list = self.subscribers[event.topic] else { continue }
                var frames = EventFrames(event)
                for connection in list { connection.deliver(event, &frames) }
                self.needFlush.append(contentsOf: list.lazy.filter { $0.claimFlush() })
            case .reset(let topic, let offset):
                for connection in self.subscribers[topic] ?? [] { connection.reset(topic, at: offset) }
            }
        }
        for connection in self.needFlush { connection.flush() }
        self.needFlush.removeAll(keepingCapacity: true)
    }
}

/// The bytes of one event, encoded once however many connections take them.
struct EventFrames {
    private let event: TopicEvent
    private var plainFrame: ByteBuffer?
    private var compressedFrame: ByteBuffer?

    init(_ event: TopicEvent) {
        self.event = event
    }

    mutating func plain() -> ByteBuffer {
        if let plainFrame { return plainFrame }
        let frame = WebSocketEncoder.text(ServerFrame.event(self.event))
        self.plainFrame = frame
        return frame
    }

    /// Compressed where that pays, else the same as `plain`.
    mutating func compressed() -> ByteBuffer {
        if let compressedFrame { return compressedFrame }
        let frame: ByteBuffer
        if self.event.data.count >= MessageCompression.minimumBytes,
            let payload = MessageCompression.deflate(ServerFrame.event(self.event))
        {
            frame = WebSocketEncoder.compressedText(payload)
        } else {
            frame = self.plain()
        }
        self.compressedFrame = frame
        return frame
    }
}
