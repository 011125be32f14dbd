import Concurrency

/// Wakes one task; raised while nobody waits it is remembered, once.
final class Signal: Sendable {
    private enum State {
        case lowered
        case raised
        case awaited(UnsafeContinuation<Void, Never>)
    }

    private let state = Locked(State.lowered)

    func raise() {
        let continuation: UnsafeContinuation<Void, Never>? = self.state.withLock { state in
            guard case .awaited(let continuation) = state else {
                state = .raised
                return nil
            }
            state = .lowered
            return continuation
        }
        continuation?.resume()
    }

    /// Returns when raised or when the task is cancelled; only one task may wait at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isOver = self.state.withLock { state in
                    // Asked under the lock: a cancellation before this point has set the flag, and the handler of a
                    // later one finds the continuation.
                    if case .raised = state {
                        state = .lowered
                        return true
                    }
                    if Task.isCancelled {
                        return true
                    }
                    state = .awaited(continuation)
                    return false
                }
                if isOver {
                    continuation.resume()
                }
            }
        } onCancel: {
            let continuation: UnsafeContinuation<Void, Never>? = self.state.withLock { state in
                guard case .awaited(let continuation) = state else {
                    return nil
                }
                state = .lowered
                return continuation
            }
            continuation?.resume()
        }
    }
}
