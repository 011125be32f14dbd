import Concurrency
import NIOCore

/// Sends the pieces of a streamed answer, no faster than the client takes them.
package struct ResponseWriter: Sendable {
    let gate: ResponseGate
    let send: @Sendable (ByteBuffer) -> Void
    private let eventLoop: any EventLoop

    init(gate: ResponseGate, eventLoop: any EventLoop, send: @escaping @Sendable (ByteBuffer) -> Void) {
        self.gate = gate
        self.eventLoop = eventLoop
        self.send = send
    }

    /// Returns when the client's socket has room for more; throws `CancellationError` when the client has gone.
    package func write(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        try await self.gate.pass()
        if self.eventLoop.inEventLoop {
            self.send(bytes)
        } else {
            try await self.eventLoop.submit { self.send(bytes) }.get()
        }
        try await self.gate.pass()
    }

    package func write(_ bytes: [UInt8]) async throws {
        try await self.write(ByteBuffer(bytes: bytes))
    }

    package func write(_ text: String) async throws {
        try await self.write(ByteBuffer(string: text))
    }
}

/// Open while the client's socket has room.
final class ResponseGate: Sendable {
    private enum State: Sendable {
        case open
        case shut([CheckedContinuation<Void, any Error>])
        case gone
    }

    private let state = Locked(State.open)

    func pass() async throws {
        try Task.checkCancellation()
        let mustWait = try self.state.withLock { state in
            switch state {
            case .open: false
            case .shut: true
            case .gone: throw CancellationError()
            }
        }
        if mustWait { try await self.wait() }
    }

    func open() {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            guard case .shut(let waiters) = state else { return [] }
            state = .open
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func shut() {
        self.state.withLock { state in
            if case .open = state { state = .shut([]) }
        }
    }

    /// The client has gone, or the writer was cancelled: nothing will be taken any more.
    func abandon() {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            defer { state = .gone }
            guard case .shut(let waiters) = state else { return [] }
            return waiters
        }
        for waiter in waiters { waiter.resume(throwing: CancellationError()) }
    }

    private func wait() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled { return waiter.resume(throwing: CancellationError()) }
                let result = self.state.withLock { state -> Result<Void, any Error>? in
                    switch state {
                    case .open: return .success(())
                    case .gone: return .failure(CancellationError())
                    case .shut(let waiters):
                        state = .shut(waiters + [waiter])
                        return nil
                    }
                }
                if let result { waiter.resume(with: result) }
            }
        } onCancel: {
            self.abandon()
        }
    }
}
