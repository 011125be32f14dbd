import Concurrency

/// Somebody waiting to hear whether an event is durable; told once, and free to stop listening.
final class SpoolWaiter: Sendable {
    private let state = Locked(State.untold(nil))

    private enum State {
        case untold(CheckedContinuation<Int64, any Error>?)
        case told(Result<Int64, any Error>)
    }

    /// Tells the outcome; only the first counts.
    func tell(_ outcome: Result<Int64, any Error>) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Int64, any Error>? in
            guard case .untold(let continuation) = state else { return nil }
            state = .told(outcome)
            return continuation
        }
        continuation?.resume(with: outcome)
    }

    /// Returns the record's number; a cancelled caller gets `CancellationError`, which changes nothing for the event.
    func wait() async throws -> Int64 {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = self.state.withLock { state -> Result<Int64, any Error>? in
                    if case .told(let outcome) = state { return outcome }
                    state = .untold(continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            self.tell(.failure(CancellationError()))
        }
    }
}
