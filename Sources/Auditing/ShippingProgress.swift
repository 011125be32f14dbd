import Concurrency

/// What the shipper tells about itself.
final class ShippingProgress: Sendable {
    private let state = Locked(Snapshot())

    struct Snapshot: Sendable {
        var checkpoint: Checkpoint?
        var shippingError: String?
        var signingError: String?
    }

    var snapshot: Snapshot { self.state.withLock { $0 } }

    /// Returns whether the error is another one than before, which is when it is worth a line in the log.
    func shipping(failed error: String?) -> Bool {
        self.state.withLock { state in
            defer { state.shippingError = error }
            return state.shippingError != error
        }
    }

    func signing(failed error: String) -> Bool {
        self.state.withLock { state in
            defer { state.signingError = error }
            return state.signingError != error
        }
    }

    func signed(_ checkpoint: Checkpoint) {
        self.state.withLock { state in
            state.checkpoint = checkpoint
            state.signingError = nil
        }
    }
}

/// Wakes the shipper; signals that come while it works are kept as one.
struct WakeSignal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func signal() { self.continuation.yield() }

    /// For one waiter at a time; ends when its task is cancelled.
    var signals: AsyncStream<Void> { self.stream }
}
