import Concurrency
import Testing

@testable import Monitoring

@Suite("Metric history")
struct MetricHistoryTests {
    @Test
    func `the ring keeps the newest points in time order`() {
        var ring = MetricHistoryRing(capacity: 3)
        for second in 1...5 { ring.append(["a": Double(second) * 10], at: Double(second)) }

        #expect(
            ring.points(of: "a", from: 0, to: 100, step: 0) == [
                MetricHistoryPoint(epochSeconds: 3, value: 30), MetricHistoryPoint(epochSeconds: 4, value: 40),
                MetricHistoryPoint(epochSeconds: 5, value: 50),
            ]
        )
        #expect(ring.points(of: "a", from: 4, to: 4, step: 0) == [MetricHistoryPoint(epochSeconds: 4, value: 40)])
        #expect(ring.points(of: "b", from: 0, to: 100, step: 0).isEmpty)
    }

    @Test
    func `a series that comes late or pauses has no points at those times`() {
        var ring = MetricHistoryRing(capacity: 4)
        ring.append(["a": 1], at: 1)
        ring.append(["a": 2, "b": 20], at: 2)
        ring.append(["b": 30], at: 3)
        ring.append(["a": 4, "b": 40], at: 4)
        ring.append(["a": 5, "c": 500], at: 5)

        #expect(ring.points(of: "a", from: 0, to: 9, step: 0).map(\.value) == [2, 4, 5])
        #expect(ring.points(of: "b", from: 0, to: 9, step: 0).map(\.value) == [20, 30, 40])
        #expect(ring.points(of: "c", from: 0, to: 9, step: 0).map(\.value) == [500])
    }

    @Test
    func `a step gives the mean of its points at its beginning`() {
        var ring = MetricHistoryRing(capacity: 10)
        for second in 0..<6 { ring.append(["a": Double(second)], at: 100 + Double(second)) }

        #expect(
            ring.points(of: "a", from: 0, to: 200, step: 4) == [
                MetricHistoryPoint(epochSeconds: 100, value: 1.5), MetricHistoryPoint(epochSeconds: 104, value: 4.5),
            ]
        )
    }

    @Test
    func `a rate is the growth per second and skips a restart`() {
        let history = MetricHistory(duration: .seconds(60), interval: .seconds(1))
        let total = Locked<Double>(10)
        history.trackRate("requests", of: { total.withLock { $0 } })
        history.sample(at: 0)
        total.withLock { $0 = 30 }
        history.sample(at: 10)
        total.withLock { $0 = 5 }
        history.sample(at: 20)
        total.withLock { $0 = 15 }
        history.sample(at: 30)

        #expect(
            history.points(of: "requests") == [
                MetricHistoryPoint(epochSeconds: 10, value: 2), MetricHistoryPoint(epochSeconds: 30, value: 1),
            ]
        )
    }

    @Test
    func `the number of series is bounded`() {
        let history = MetricHistory(duration: .seconds(60), interval: .seconds(1))
        let accepted = (0..<600).filter { index in history.track("s\(index)") { 1 } }

        #expect(accepted.count == MetricHistory.maxSeries)
    }

    @Test
    func `the service samples until it is cancelled`() async throws {
        let history = MetricHistory(duration: .seconds(60), interval: .milliseconds(100))
        let (samples, continuation) = AsyncStream.makeStream(of: Void.self)
        history.track("a") {
            continuation.yield()
            return 1
        }
        try await withThrowingTaskGroup { group in
            group.addTask { try await history.run() }
            var count = 0
            for await _ in samples {
                count += 1
                if count == 3 { break }
            }
            group.cancelAll()
            try await group.waitForAll()
        }

        #expect(history.points(of: "a").count >= 3)
    }
}
