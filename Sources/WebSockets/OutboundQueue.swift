import Collections
import NIOCore

/// What waits to be sent to one client, bounded in messages and bytes.
///
/// The policy for a client that is too slow: an event that finds no room is not queued, and its topic is marked; when
/// there is room again, the client gets one `gap` with the offsets it missed instead of the events, and continues with
/// later ones. Answers and personal messages are never dropped: when they find no room the client is a slow consumer
/// and is closed. What a client missed while it was away comes from the topics' history and shares its bytes: it does
/// not count, but is taken only by a client to whom nothing else is owed. A value, confined to its connection.
struct OutboundQueue {
    /// The events of a topic that found no room.
    struct Gap: Hashable {
        let topic: String
        let fromOffset: UInt64
        var toOffset: UInt64
    }

    /// What is sent next.
    enum Item {
        case frame(ByteBuffer)
        /// Not encoded before its turn.
        case missed(TopicEvent)
    }

    let maximumMessages: Int
    let maximumBytes: Int
    private(set) var bytes = 0
    private var missed: Deque<TopicEvent> = []
    private var frames: Deque<ByteBuffer> = []
    private var gaps: [Gap] = []

    init(maximumMessages: Int, maximumBytes: Int) {
        self.maximumMessages = maximumMessages
        self.maximumBytes = maximumBytes
    }

    var count: Int { self.missed.count + self.frames.count }
    var isEmpty: Bool { self.missed.isEmpty && self.frames.isEmpty && self.gaps.isEmpty }

    /// Queues what a client missed before everything that follows; false, queueing nothing, when it is behind already.
    mutating func append(missed events: [TopicEvent]) -> Bool {
        guard self.frames.isEmpty, self.gaps.isEmpty else { return false }
        self.missed.append(contentsOf: events)
        return true
    }

    /// Queues a frame that must not be lost; false when the client is too slow for it.
    mutating func append(_ frame: ByteBuffer) -> Bool {
        guard self.hasRoom(for: frame) else { return false }
        self.frames.append(frame)
        self.bytes += frame.readableBytes
        return true
    }

    /// Queues an event, or remembers that it was missed; false for the latter.
    mutating func append(event frame: ByteBuffer, topic: String, offset: UInt64) -> Bool {
        if let index = self.gaps.firstIndex(where: { $0.topic == topic }) {
            self.gaps[index].toOffset = offset
            return false
        }
        guard self.hasRoom(for: frame) else {
            self.gaps.append(Gap(topic: topic, fromOffset: offset, toOffset: offset))
            return false
        }
        self.frames.append(frame)
        self.bytes += frame.readableBytes
        return true
    }

    mutating func popFirst() -> Item? {
        if let event = self.missed.popFirst() { return .missed(event) }
        guard let frame = self.frames.popFirst() else { return nil }
        self.bytes -= frame.readableBytes
        return .frame(frame)
    }

    /// The missed ranges, once everything queued before them has been sent: their place in the order is here.
    mutating func takeGaps() -> [Gap] {
        guard self.missed.isEmpty, self.frames.isEmpty else { return [] }
        defer { self.gaps.removeAll() }
        return self.gaps
    }

    /// Forgets what is still to be said of missed events, because the client has left the topic.
    mutating func forgetMissed(of topic: String) {
        self.missed.removeAll { $0.topic == topic }
        self.gaps.removeAll { $0.topic == topic }
    }

    private func hasRoom(for frame: ByteBuffer) -> Bool {
        self.frames.count < self.maximumMessages && self.bytes + frame.readableBytes <= self.maximumBytes
    }
}
