/// What a reactor has done since its start.
package struct ReactorStatistics: Sendable, Hashable {
    /// Turns of the loop: one return of `epoll_wait` each.
    package internal(set) var turns: UInt64 = 0
    package internal(set) var work: UInt64 = 0
    package internal(set) var events: UInt64 = 0
    package internal(set) var timers: UInt64 = 0
    /// Writes to the eventfd; with many submissions per turn far fewer than these.
    package internal(set) var wakeUps: UInt64 = 0
    /// How long the last turn took: what became ready at its beginning waited up to this long.
    package internal(set) var lastTurn: Duration = .zero
    /// The longest turn so far.
    package internal(set) var longestTurn: Duration = .zero
    /// How late the last timer fired after its deadline.
    package internal(set) var lastTimerLag: Duration = .zero
    package internal(set) var descriptors = 0
    package internal(set) var pendingTimers = 0
    package internal(set) var pendingWork = 0
}
