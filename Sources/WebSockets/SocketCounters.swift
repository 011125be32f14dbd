import Metrics
import Synchronization

/// What happened to connections since the start, for figures and metrics.
final class SocketCounters: Sendable {
    private let dropped = Atomic<Int>(0)
    private let slow = Atomic<Int>(0)
    private let closedTotal = Atomic<Int>(0)
    private let droppedMetric = Counter(label: "resync_websocket_events_dropped_total")
    private let slowMetric = Counter(label: "resync_websocket_slow_consumers_total")

    var eventsDropped: Int { self.dropped.load(ordering: .relaxed) }
    var slowConsumers: Int { self.slow.load(ordering: .relaxed) }
    var closed: Int { self.closedTotal.load(ordering: .relaxed) }

    func eventDropped() {
        self.dropped.add(1, ordering: .relaxed)
        self.droppedMetric.increment()
    }

    func slowConsumer() {
        self.slow.add(1, ordering: .relaxed)
        self.slowMetric.increment()
    }

    func closed(_ code: SocketCloseCode) {
        self.closedTotal.add(1, ordering: .relaxed)
        Counter(label: "resync_websocket_closed_total", dimensions: [("code", String(code.rawValue))]).increment()
    }
}
