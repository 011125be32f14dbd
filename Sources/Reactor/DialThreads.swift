import CEpoll
import Collections
import Concurrency
import Glibc

/// A few threads for calls of C libraries that block while dialling, name resolution above all.
///
/// Bounded in threads and in queue, and every call in time: at its deadline the caller goes on, although the thread may
/// stay in the call a while longer; its result is then dropped. Work whose caller is gone is never begun.
package final class DialThreads: Sendable {
    private struct Item: Sendable {
        let body: @Sendable () -> Void
    }

    private struct Queue {
        var items: Deque<Item> = []
        var isStopped = false
    }

    private let reactor: Reactor
    private let maxQueued: Int
    /// A semaphore: its value is the number of items not yet taken by a thread.
    private let available: CInt
    private let queue = Locked(Queue())

    /// Starts the threads, which live until `stop()`; the reactor keeps the deadlines and must be running.
    ///
    /// - Throws: `system` when there is no descriptor or thread to be had.
    package init(
        name: String = "dial",
        reactor: Reactor,
        threads: Int = 4,
        maxQueued: Int = 256
    ) throws(ReactorError) {
        self.reactor = reactor
        self.maxQueued = maxQueued
        self.available = eventfd(0, CInt(EFD_CLOEXEC | EFD_SEMAPHORE))
        guard self.available >= 0 else { throw .system("eventfd", errno: errno) }
        for number in 0..<threads {
            // Detached, because a thread may be stuck in the resolver when the process wants to end.
            SystemThread.detach(try SystemThread.start(name: "\(name)-\(number)") { self.loop(threads: threads) })
        }
    }

    deinit {
        close(self.available)
    }

    /// Lets the threads end after what is queued; later calls fail with `stopped`.
    package func stop() {
        let wasStopped = self.queue.withLock { queue in
            defer { queue.isStopped = true }
            return queue.isStopped
        }
        if !wasStopped { self.signal() }
    }

    /// The addresses of `host`, at once when it is an address itself.
    ///
    /// - Throws: `ReactorError` with `unknownHost`, `deadlineExceeded`, `overloaded` or `stopped`; `CancellationError`.
    package func addresses(of host: String, deadline: Deadline) async throws -> [HostAddress] {
        if let literal = HostAddress(literal: host) { return [literal] }
        return try await self.run("resolving \(host)", deadline: deadline) { () throws(ReactorError) in
            try HostAddress.lookUpBlocking(host)
        }
    }

    /// Runs a blocking `body` on one of the threads.
    ///
    /// - Throws: what `body` throws; `ReactorError` with `deadlineExceeded`, `overloaded` or `stopped`;
    ///   `CancellationError`. After any of the latter three the result of `body` is dropped.
    package func run<Value: Sendable, Failure: Error>(
        _ what: String,
        deadline: Deadline,
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws -> Value {
        let call = DialCall<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard call.began(continuation) else { return }
                self.begin(call, what, deadline, body)
            }
        } onCancel: {
            call.finish(.failure(CancellationError()))
        }
    }

    private func begin<Value: Sendable, Failure: Error>(
        _ call: DialCall<Value>,
        _ what: String,
        _ deadline: Deadline,
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) {
        let timer = self.reactor.schedule(at: deadline.instant) {
            call.finish(.failure(ReactorError(.deadlineExceeded, "\(what) did not end in time")))
        }
        let item = Item { [reactor] in
            guard !call.isFinished else { return }
            let result = Result { () throws(Failure) in try body() }
            reactor.cancel(timer)
            call.finish(result.mapError { $0 })
        }
        let refusal: ReactorError? = self.queue.withLock { queue in
            guard !queue.isStopped else { return ReactorError(.stopped, "\(what): the dial threads have stopped") }
            guard queue.items.count < self.maxQueued else {
                return ReactorError(.overloaded, "\(what): \(queue.items.count) calls are waiting already")
            }
            queue.items.append(item)
            return nil
        }
        if let refusal {
            self.reactor.cancel(timer)
            call.finish(.failure(refusal))
        } else {
            self.signal()
        }
    }

    private func loop(threads: Int) {
        while true {
            var value: UInt64 = 0
            guard read(self.available, &value, MemoryLayout<UInt64>.size) > 0 else { continue }
            let (item, isStopped) = self.queue.withLock { ($0.items.popFirst(), $0.isStopped) }
            if let item {
                item.body()
            } else if isStopped {
                // Handed on, so that every thread sees the end.
                self.signal()
                return
            }
        }
    }

    private func signal() {
        var one: UInt64 = 1
        write(self.available, &one, MemoryLayout<UInt64>.size)
    }
}

/// One call, finished exactly once by whoever comes first: the thread, the deadline or the cancellation.
private final class DialCall<Value: Sendable>: Sendable {
    private enum State {
        case prepared
        case waiting(CheckedContinuation<Value, any Error>)
        case finished
    }

    private let state = Locked(State.prepared)

    var isFinished: Bool {
        self.state.withLock {
            if case .finished = $0 { true } else { false }
        }
    }

    /// False when the call was cancelled before; the continuation has been resumed then.
    func began(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let isCancelled = self.state.withLock { state in
            if case .finished = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        return !isCancelled
    }

    func finish(_ result: Result<Value, any Error>) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Value, any Error>? in
            defer { state = .finished }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(with: result)
    }
}
