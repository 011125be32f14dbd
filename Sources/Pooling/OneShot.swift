import Concurrency

/// A value that is set once and awaited by one task, in either order.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(UnsafeContinuation<Value, Never>)
        case settled(Value)
    }

    private let state = Locked(State.open)

    /// Later settlements are ignored.
    func settle(_ value: Value) {
        let continuation: UnsafeContinuation<Value, Never>? = self.state.withLock { state in
            switch state {
            case .open:
                state = .settled(value)
                return nil
            case .awaited(let continuation):
                state = .settled(value)
                return continuation
            case .settled:
                return nil
            }
        }
        continuation?.resume(returning: value)
    }

    func value() async -> Value {
        await withUnsafeContinuation { continuation in
            let value: Value? = self.state.withLock { state in
                guard case .settled(let value) = state else {
                    state = .awaited(continuation)
                    return nil
                }
                return value
            }
            if let value {
                continuation.resume(returning: value)
            }
        }
    }
}
