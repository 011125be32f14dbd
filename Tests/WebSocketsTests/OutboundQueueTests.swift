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

    @Test func `a topic that was left has no gap`() {
        var queue = OutboundQueue(maximumMessages: 0, maximumBytes: 0)
        #expect(queue.append(event: self.frame, topic: "a", offset: 1) == false)

        queue.forgetGaps(of: "a")

        #expect(queue.takeGaps().isEmpty)
    }
}
