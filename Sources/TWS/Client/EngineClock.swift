import Concurrency
import Glibc

/// The engine's idea of now, in milliseconds since 1970: its last `Date` header plus the time since.
///
/// Whether a job is late is decided in the scheduler's time, not in ours: clocks differ, and a simulator's may run sixty
/// times faster. A header has no fractions, so this is up to a second behind.
package final class EngineClock: Sendable {
    private struct Reading: Sendable {
        let milliseconds: Int64
        let at: ContinuousClock.Instant
    }

    private let reading = Locked<Reading?>(nil)
    private let wallClock: @Sendable () -> Int64
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(
        wallClock: @escaping @Sendable () -> Int64 = EngineClock.systemMilliseconds,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.wallClock = wallClock
        self.now = now
    }

    /// The wall clock's until the engine has been heard.
    package var milliseconds: Int64 {
        guard let reading = self.reading.withLock({ $0 }) else { return self.wallClock() }
        return reading.milliseconds + Int64(reading.at.duration(to: self.now()) / .milliseconds(1))
    }

    /// Takes the `Date` header of an answer that has just arrived; anything else than a date is ignored.
    package func observe(dateHeader: String?) {
        guard let milliseconds = dateHeader.flatMap(HTTPDate.epochMilliseconds) else { return }
        let reading = Reading(milliseconds: milliseconds, at: self.now())
        self.reading.withLock { $0 = reading }
    }

    package static let systemMilliseconds: @Sendable () -> Int64 = {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
