import NIOCore
import Testing

@testable import WebSockets

@Suite("Outbound queue")
struct OutboundQueueTests {
    private let frame = ByteBuffer(bytes: Array(repeating: 0, count: 10))

    @Test func `events without room become one gap per topic after what was queued`() {
        var queue = OutboundQueue(maximumMessages: 2, maximumBytes: 1000)

        #expect(queue.append(event: self.frame, topic: "a", offset: 1) == true)
        #expect(queue.append(event: self.frame, topic: "a", offset: 2) == true)
        #expect(queue.append(event: self.frame, topic: "a", offset: 3) == false)
        #expect(queue.append(event: self.frame, topic: "b", offset: 9) == false)
        _ = queue.popFirst()
        #expect(queue.append(event: self.frame, topic: "a", offset: 4) == false, "a gap goes on until it is told")
        #expect(queue.takeGaps().isEmpty, "queued events come before the gap")
        _ = queue.popFirst()

        let gaps = queue.takeGaps()
        #expect(
            gaps == [.init(topic: "a", fromOffset: 3, toOffset: 4), .init(topic: "b", fromOffset: 9, toOffset: 9)]
        )
        #expect(queue.isEmpty)
        #expect(queue.append(event: self.frame, topic: "a", offset: 5) == true)
    }

    @Test func `the bytes are bounded as well as the messages`() {
        var queue = OutboundQueue(maximumMessages: 100, maximumBytes: 25)

        #expect(queue.append(self.frame) == true)
        #expect(queue.append(self.frame) == true)
        #expect(queue.append(self.frame) == false)
        #expect(queue.bytes == 20)
    }

    @Test func `what was missed goes first and does not count, but only for a client that is not behind`() {
        func event(_ offset: UInt64) -> TopicEvent { TopicEvent(topic: "a", offset: offset, time: "", data: [1]) }
        var queue = OutboundQueue(maximumMessages: 1, maximumBytes: 1000)
        #expect(queue.append(missed: [event(1), event(2), event(3)]) == true)
        #expect(queue.append(event: self.frame, topic: "a", offset: 4) == true)
        #expect(queue.append(event: self.frame, topic: "a", offset: 5) == false)
        #expect(queue.append(missed: [event(1)]) == false)
        #expect(queue.takeGaps().isEmpty)

        var missed: [UInt64] = []
        while case .missed(let event) = queue.popFirst() { missed.append(event.offset) }

        #expect(missed == [1, 2, 3])
        #expect(queue.takeGaps() == [.init(topic: "a", fromOffset: 5, toOffset: 5)], "the frame was popped last")
    }

    @Test func `a topic that was left has no gap`() {
        var queue = OutboundQueue(maximumMessages: 0, maximumBytes: 0)
        #expect(queue.append(event: self.frame, topic: "a", offset: 1) == false)

        queue.forgetMissed(of: "a")

        #expect(queue.takeGaps().isEmpty)
    }
}
