import Concurrency
import Logging
import Testing

@testable import Resilience

/// Time that stands still unless somebody sleeps.
final class ManualTime: Sendable {
    private let current = Locked(ContinuousClock.now)
    let slept = Locked<[Duration]>([])

    func advance(by duration: Duration) {
        self.current.withLock { $0 = $0.advanced(by: duration) }
    }

    var timing: Timing {
        Timing(
            now: { self.current.withLock { $0 } },
            sleep: { duration in
                try Task.checkCancellation()
                self.slept.withLock { $0.append(duration) }
                self.advance(by: duration)
            },
            random: { 0.5 }
        )
    }
}

private struct Refused: Error {}

private func always(_ failure: FailureClass) -> (any Error) -> FailureClass {
    { _ in failure }
}

@Suite struct `Breaker and retry around calls` {
    private let time = ManualTime()

    private func breaker() -> CircuitBreaker {
        CircuitBreaker(name: "test", timing: self.time.timing, logger: Logger(label: "test"))
    }

    @Test func `an open breaker refuses without making the call and says when to return`() async throws {
        let breaker = self.breaker()
        for _ in 0..<5 {
            await #expect(throws: Refused.self) {
                try await breaker.call(classify: always(.notSent)) { throw Refused() }
            }
        }
        var called = false
        let error = await #expect(throws: ResilienceError.self) {
            try await breaker.call(classify: always(.notSent)) { called = true }
        }
        #expect(!called)
        #expect(error?.retryAfter == .milliseconds(750))
        #expect(breaker.snapshot.state == "open")
        self.time.advance(by: .seconds(1))
        try await breaker.call(classify: always(.notSent)) { called = true }
        #expect(called)
        #expect(breaker.snapshot.state == "half-open")
    }

    @Test func `a caller's mistake is no failure of the dependency`() async {
        let breaker = self.breaker()
        for _ in 0..<50 {
            await #expect(throws: Refused.self) {
                try await breaker.call(classify: always(.permanent)) { throw Refused() }
            }
        }
        #expect(breaker.snapshot.state == "closed")
        #expect(breaker.snapshot.calls > 0)
    }

    @Test func `how a stream ends after its answer counts for nothing`() async {
        let breaker = self.breaker()
        for _ in 0..<50 {
            await #expect(throws: Refused.self) {
                try await breaker.stream(classify: always(.unknown)) { answered in
                    answered()
                    self.time.advance(by: .milliseconds(1))
                    throw Refused()
                }
            }
        }
        #expect(breaker.snapshot.state == "closed")
        #expect(breaker.snapshot.failureRate == 0)
        for _ in 0..<5 {
            await #expect(throws: Refused.self) {
                try await breaker.stream(classify: always(.unknown)) { _ in throw Refused() }
            }
        }
        #expect(breaker.snapshot.state == "open")
    }

    @Test func `the last error is thrown after three attempts with growing delays`() async {
        var attempts: [Int] = []
        await #expect(throws: Refused.self) {
            try await RetryPolicy().run(
                idempotent: true,
                deadline: Deadline(self.time.timing.now().advanced(by: .seconds(10))),
                budget: RetryBudget(timing: self.time.timing),
                timing: self.time.timing,
                classify: always(.unknown)
            ) { attempt in
                attempts.append(attempt)
                throw Refused()
            }
        }
        #expect(attempts == [1, 2, 3])
        #expect(self.time.slept.withLock { $0 } == [.milliseconds(25), .milliseconds(50)])
    }

    @Test func `cancellation during the delay passes untouched`() async {
        let task = Task {  // awaited below
            withUnsafeCurrentTask { $0?.cancel() }
            try await RetryPolicy().run(
                idempotent: true,
                deadline: Deadline(self.time.timing.now().advanced(by: .seconds(10))),
                budget: RetryBudget(timing: self.time.timing),
                timing: self.time.timing,
                classify: always(.unknown)
            ) { _ in throw Refused() }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
