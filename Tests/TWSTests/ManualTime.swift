import Concurrency
import Resilience

/// Time that moves only when somebody says so.
final class ManualTime: Sendable {
    private let current: Locked<ContinuousClock.Instant>

    init(_ start: ContinuousClock.Instant = ContinuousClock.now) {
        self.current = Locked(start)
    }

    var now: ContinuousClock.Instant { self.current.withLock { $0 } }

    func advance(by duration: Duration) {
        self.current.withLock { $0 = $0.advanced(by: duration) }
    }
}
