import Testing

@testable import WebSockets

@Suite("Topic history")
struct TopicHistoryTests {
    private static func history(events: Int = 4, bytes: Int = 1000) -> TopicHistory {
        TopicHistory(eventLoops: 2, eventsPerTopic: events, maximumBytes: bytes, makeEpoch: { "e" })
    }

    private static func offsets(_ deliveries: [TopicHistory.Delivery]) -> [UInt64] {
        deliveries.compactMap { if case .event(let event) = $0 { event.offset } else { nil } }
    }

    @Test func `a client that comes back gets what it missed, in order`() {
        var history = Self.history()
        for _ in 1...5 { _ = history.publish(topic: "t", time: "", data: [1]) }

        let result = history.subscribe(topic: "t", since: TopicPosition(epoch: "e", offset: 3), eventLoop: 0)

        #expect(result.recovered)
        #expect(result.missed.map(\.offset) == [4, 5])
        #expect(result.position == TopicPosition(epoch: "e", offset: 5))
    }

    @Test(arguments: [TopicPosition(epoch: "e", offset: 0), .init(epoch: "x", offset: 4), .init(epoch: "e", offset: 9)])
    func `a client is told when too much has passed, or when it speaks of another epoch`(_ since: TopicPosition) {
        var history = Self.history()
        for _ in 1...5 { _ = history.publish(topic: "t", time: "", data: [1]) }

        let result = history.subscribe(topic: "t", since: since, eventLoop: 0)

        #expect(!result.recovered)
        #expect(result.missed.isEmpty)
    }

    @Test func `nothing is missed or repeated between the history and the live events`() {
        var history = Self.history(events: 100)
        var seen: [UInt64] = []
        _ = history.publish(topic: "t", time: "", data: [1])
        let first = history.subscribe(topic: "t", since: TopicPosition(epoch: "e", offset: 0), eventLoop: 1)
        seen += first.missed.map(\.offset)

        #expect(history.publish(topic: "t", time: "", data: [1]) == [1], "the event loop is woken")
        #expect(history.publish(topic: "t", time: "", data: [1]) == [], "it is awake already")
        seen += Self.offsets(history.takeMailbox(of: 1))

        #expect(seen == [1, 2, 3])
        #expect(history.takeMailbox(of: 0).isEmpty)
    }

    @Test func `a topic whose source lost continuity tells its subscribers`() {
        var history = Self.history()
        history.begin(topic: "t", at: TopicPosition(epoch: "one", offset: 7))
        _ = history.subscribe(topic: "t", since: nil, eventLoop: 0)
        _ = history.publish(topic: "t", time: "", data: [1], position: TopicPosition(epoch: "one", offset: 8))
        _ = history.takeMailbox(of: 0)

        _ = history.publish(topic: "t", time: "", data: [1], position: TopicPosition(epoch: "two", offset: 1))

        let mail = history.takeMailbox(of: 0)
        guard case .reset("t", 0)? = mail.first else {
            Issue.record("a reset was expected, not \(mail)")
            return
        }
        #expect(Self.offsets(mail) == [1])
        #expect(!history.subscribe(topic: "t", since: TopicPosition(epoch: "one", offset: 8), eventLoop: 0).recovered)
    }

    @Test func `random use keeps every bound and every count`() {
        var history = Self.history(events: 8, bytes: 300)
        var generator = SystemRandomNumberGenerator()
        var subscribed: [String: Int] = [:]
        for _ in 0..<20_000 {
            let topic = "t\(Int.random(in: 0..<40, using: &generator))"
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                _ = history.subscribe(topic: topic, since: nil, eventLoop: 0)
                subscribed[topic, default: 0] += 1
            case 1 where subscribed[topic, default: 0] > 0:
                history.unsubscribe(topic: topic, eventLoop: 0)
                subscribed[topic, default: 0] -= 1
            default:
                let size = Int.random(in: 1...20, using: &generator)
                _ = history.publish(topic: topic, time: "", data: Array(repeating: 0, count: size))
                _ = history.takeMailbox(of: 0)
            }
            #expect(history.bytes <= 300)
            #expect(history.bytes >= history.eventCount)
            #expect(history.subscriberCount(of: topic) == subscribed[topic, default: 0])
        }
        #expect(history.topicCount <= 40)
    }
}
