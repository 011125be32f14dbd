/// The instant by which work must be done; every layer receives it and may only bring it forward.
///
/// Monotonic: it does not jump with the wall clock.
@frozen public struct Deadline: Sendable, Hashable, Comparable {
    @usableFromInline package let instant: ContinuousClock.Instant

    package init(_ instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    package static func after(_ timeout: Duration) -> Self {
        Self(ContinuousClock.now.advanced(by: timeout))
    }

    /// Ten years from now: for work bounded by cancellation alone.
    package static var distant: Self { .after(.seconds(315_360_000)) }

    package var remaining: Duration { ContinuousClock.now.duration(to: self.instant) }

    package var hasPassed: Bool { self.instant <= ContinuousClock.now }

    /// The earlier of this deadline and `timeout` from now.
    package func limited(to timeout: Duration) -> Self {
        min(self, .after(timeout))
    }

    /// The earlier one is the smaller.
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.instant < right.instant }
}
