import Concurrency

/// Lets one task sleep until a time has passed or somebody calls.
///
/// A call while nobody sleeps ends the next sleep at once.
final class WakeUp: Sendable {
    private enum State: Sendable {
        case idle
        case signalled
        case sleeping(CheckedContinuation<Void, Never>)
    }

    private let state = Locked(State.idle)

    func signal() {
        let sleeper: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            guard case .sleeping(let continuation) = state else {
                state = .signalled
                return nil
            }
            state = .idle
            return continuation
        }
        sleeper?.resume()
    }

    /// Throws `CancellationError` when the task is cancelled.
    func wait(for duration: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Ends early only when the group is cancelled, and then the sleeper is awake already.
                try? await sleep(max(duration, .zero))
                self.signal()
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { self.begin($0) }
            } onCancel: {
                self.signal()
            }
            group.cancelAll()
        }
        // The timer's own signal, when it was not the one that woke the sleeper, must not end the next sleep.
        self.state.withLock { if case .signalled = $0 { $0 = .idle } }
        try Task.checkCancellation()
    }

    private func begin(_ continuation: CheckedContinuation<Void, Never>) {
        let isSignalled = self.state.withLock { state in
            if case .signalled = state {
                state = .idle
                return true
            }
            state = .sleeping(continuation)
            return false
        }
        if isSignalled { continuation.resume() }
    }
}
