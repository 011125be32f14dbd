import Collections

/// All topics: their positions, the events kept for recovery, and which event loops have subscribers.
///
/// A pure value; `ConnectionManager` holds it in a lock, so that publishing and subscribing are atomic against each other
/// and nothing is missed or repeated between the history and the live events. Bounds: events per topic, and bytes over
/// all topics, of which the oldest are dropped first; a topic without events and subscribers is forgotten, and begins
/// with a new epoch when it is used again.
struct TopicHistory {
    /// What an event loop has to pass on to its subscribers.
    enum Delivery: Sendable {
        case event(TopicEvent)
        /// Continuity was lost; `offset` is the newest one of the new epoch.
        case reset(topic: String, offset: UInt64)
    }

    struct Subscription {
        let position: TopicPosition
        let recovered: Bool
        let missed: [TopicEvent]
    }

    private struct Topic {
        var epoch: String
        var offset: UInt64
        var events: Deque<TopicEvent> = []
        var subscribers: [Int: Int] = [:]  // by event loop
    }

    private let eventsPerTopic: Int
    private let maximumBytes: Int
    private let makeEpoch: @Sendable () -> String
    private var topics: [String: Topic] = [:]
    private var oldest: Deque<(topic: String, epoch: String, offset: UInt64)> = []
    private(set) var bytes = 0
    private(set) var eventCount = 0
    private var mailboxes: [[Delivery]]

    init(
        eventLoops: Int,
        eventsPerTopic: Int,
        maximumBytes: Int,
        makeEpoch: @escaping @Sendable () -> String
    ) {
        self.eventsPerTopic = eventsPerTopic
        self.maximumBytes = maximumBytes
        self.makeEpoch = makeEpoch
        self.mailboxes = Array(repeating: [], count: eventLoops)
    }

    var topicCount: Int { self.topics.count }

    func position(of topic: String) -> TopicPosition? {
        self.topics[topic].map { TopicPosition(epoch: $0.epoch, offset: $0.offset) }
    }

    /// Appends an event and gives the event loops whose mailbox has turned non-empty and must be woken.
    ///
    /// `position`, where given, is dictated by the source of the topic; when it does not continue the topic's own, the
    /// history is dropped and the subscribers are told.
    mutating func publish(
        topic name: String,
        time: String,
        data: [UInt8],
        position: TopicPosition? = nil
    ) -> [Int] {
        var topic =
            self.topics.removeValue(forKey: name) ?? Topic(epoch: position?.epoch ?? self.makeEpoch(), offset: 0)
        var wake: Set<Int> = []
        if let position {
            if topic.epoch != position.epoch || topic.offset &+ 1 != position.offset {
                if !topic.events.isEmpty || topic.offset > 0 || topic.epoch != position.epoch {
                    self.post(.reset(topic: name, offset: position.offset &- 1), to: topic, waking: &wake)
                }
                self.dropEvents(of: &topic)
                topic.epoch = position.epoch
                topic.offset = position.offset &- 1
            }
        }
        topic.offset &+= 1
        let event = TopicEvent(topic: name, offset: topic.offset, time: time, data: data)
        topic.events.append(event)
        self.bytes += data.count
        self.eventCount += 1
        self.oldest.append((name, topic.epoch, event.offset))
        if topic.events.count > self.eventsPerTopic, let dropped = topic.events.popFirst() {
            self.forget(dropped)
        }
        self.post(.event(event), to: topic, waking: &wake)
        self.topics[name] = topic
        self.trim()
        return wake.sorted()
    }

    /// Makes `position` the place the topic stands at, without an event: where its source begins.
    mutating func begin(topic name: String, at position: TopicPosition) {
        if self.position(of: name) == position { return }
        var topic = self.topics.removeValue(forKey: name) ?? Topic(epoch: position.epoch, offset: 0)
        self.dropEvents(of: &topic)
        topic.epoch = position.epoch
        topic.offset = position.offset
        self.topics[name] = topic
    }

    mutating func subscribe(topic name: String, since: TopicPosition?, eventLoop: Int) -> Subscription {
        var topic = self.topics.removeValue(forKey: name) ?? Topic(epoch: self.makeEpoch(), offset: 0)
        topic.subscribers[eventLoop, default: 0] += 1
        defer { self.topics[name] = topic }
        let position = TopicPosition(epoch: topic.epoch, offset: topic.offset)
        guard let since, since.epoch == topic.epoch, since.offset <= topic.offset else {
            return Subscription(position: position, recovered: false, missed: [])
        }
        let missing = Int(clamping: topic.offset - since.offset)
        guard missing <= topic.events.count else {
            return Subscription(position: position, recovered: false, missed: [])
        }
        return Subscription(position: position, recovered: true, missed: Array(topic.events.suffix(missing)))
    }

    mutating func unsubscribe(topic name: String, eventLoop: Int) {
        guard var topic = self.topics.removeValue(forKey: name) else { return }
        let remaining = (topic.subscribers[eventLoop] ?? 1) - 1
        topic.subscribers[eventLoop] = remaining > 0 ? remaining : nil
        if !topic.events.isEmpty || !topic.subscribers.isEmpty { self.topics[name] = topic }
    }

    mutating func takeMailbox(of eventLoop: Int) -> [Delivery] {
        let mail = self.mailboxes[eventLoop]
        self.mailboxes[eventLoop] = []
        return mail
    }

    func subscriberCount(of topic: String) -> Int {
        self.topics[topic]?.subscribers.values.reduce(0, +) ?? 0
    }

    private mutating func post(_ delivery: Delivery, to topic: Topic, waking: inout Set<Int>) {
        for eventLoop in topic.subscribers.keys {
            if self.mailboxes[eventLoop].isEmpty { waking.insert(eventLoop) }
            self.mailboxes[eventLoop].append(delivery)
        }
    }

    private mutating func dropEvents(of topic: inout Topic) {
        for event in topic.events { self.forget(event) }
        topic.events.removeAll()
    }

    private mutating func trim() {
        while self.bytes > self.maximumBytes, let candidate = self.oldest.popFirst() {
            guard self.isKept(candidate), var topic = self.topics.removeValue(forKey: candidate.topic) else { continue }
            if let dropped = topic.events.popFirst() { self.forget(dropped) }
            if !topic.events.isEmpty || !topic.subscribers.isEmpty { self.topics[candidate.topic] = topic }
        }
        // Entries of events that the bound per topic has dropped are swept when they are the majority.
        if self.oldest.count > 2 * self.eventCount + 1024 {
            self.oldest = self.oldest.filter { self.isKept($0) }
        }
    }

    private func isKept(_ entry: (topic: String, epoch: String, offset: UInt64)) -> Bool {
        guard let topic = self.topics[entry.topic], topic.epoch == entry.epoch, let first = topic.events.first else {
            return false
        }
        return first.offset <= entry.offset
    }

    private mutating func forget(_ event: TopicEvent) {
        self.bytes -= event.data.count
        self.eventCount -= 1
    }
}
