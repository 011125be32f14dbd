/// Where breaker and retry take time and randomness from; tests bring their own.
package struct Timing: Sendable {
    package let now: @Sendable () -> ContinuousClock.Instant
    /// Throws `CancellationError` when the task is cancelled meanwhile.
    package let sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0..<1.
    package let random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    package static let system = Self(
        now: { ContinuousClock.now },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) }
    )
}
