import Concurrency
import Glibc
import ServiceLifecycle

/// The recent past of selected figures, for the dashboard's charts and `/api/v1/metrics/history`.
///
/// Memory is bounded: points are four bytes, `duration / interval` of them per series, at most `maxSeries` series.
package final class MetricHistory: Service, Sendable {
    /// A figure now; nil while there is none.
    package typealias Source = @Sendable () -> Double?

    private struct State {
        var sources: [String: Source] = [:]
        var rates: [String: Source] = [:]
        var lastTotals: [String: (total: Double, time: Double)] = [:]
        var ring: MetricHistoryRing
    }

    package static let maxSeries = 512

    private let interval: Duration
    private let state: Locked<State>

    package init(duration: Duration, interval: Duration) {
        self.interval = max(interval, .milliseconds(100))
        self.state = Locked(State(ring: MetricHistoryRing(capacity: Int(duration / self.interval))))
    }

    /// Samples a figure from now on; the closure must be quick and must not wait.
    ///
    /// Says whether there was room.
    @discardableResult
    package func track(_ name: String, _ source: @escaping Source) -> Bool {
        self.state.withLock { state in
            guard state.sources.count + state.rates.count < Self.maxSeries else { return false }
            state.sources[name] = source
            return true
        }
    }

    /// The same for a figure that only grows; kept is its growth per second.
    @discardableResult
    package func trackRate(_ name: String, of total: @escaping Source) -> Bool {
        self.state.withLock { state in
            guard state.sources.count + state.rates.count < Self.maxSeries else { return false }
            state.rates[name] = total
            return true
        }
    }

    package var names: [String] {
        self.state.withLock { Array($0.sources.keys) + Array($0.rates.keys) }.sorted()
    }

    /// Empty for a name that is not tracked; `step` above zero returns means of so many seconds.
    package func points(
        of name: String,
        from: Double = 0,
        to: Double = .greatestFiniteMagnitude,
        step: Double = 0
    ) -> [MetricHistoryPoint] {
        self.state.withLock { $0.ring.points(of: name, from: from, to: to, step: step) }
    }

    /// Samples until cancelled or shut down gracefully.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var next = ContinuousClock.now
            while true {
                self.sample(at: Self.epochSeconds())
                next = max(next.advanced(by: self.interval), .now)
                do {
                    try await Task.sleep(until: next)
                } catch {
                    // Cancelled, which is how this service ends.
                    return
                }
            }
        }
    }

    /// One point of every series; the sources are asked outside the lock.
    func sample(at now: Double) {
        let (sources, rates) = self.state.withLock { ($0.sources, $0.rates) }
        let values = sources.compactMapValues { $0() }
        let totals = rates.compactMapValues { $0() }
        self.state.withLock { state in
            var row = values
            for (name, total) in totals {
                // A total that fell has been started anew: there is no growth to tell.
                if let last = state.lastTotals[name], now > last.time, total >= last.total {
                    row[name] = (total - last.total) / (now - last.time)
                }
                state.lastTotals[name] = (total, now)
            }
            state.ring.append(row, at: now)
        }
    }

    private static func epochSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
