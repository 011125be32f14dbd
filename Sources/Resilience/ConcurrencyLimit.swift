import Concurrency

/// Lets so many calls run at once and the others wait, first come first served, up to a bound.
package final class ConcurrencyLimit: Sendable {
    package let name: String
    private let maximum: Int
    private let maximumWaiting: Int
    private let state = Locked(State())

    package init(name: String, maximum: Int, maximumWaiting: Int) {
        self.name = name
        self.maximum = max(1, maximum)
        self.maximumWaiting = maximumWaiting
    }

    private struct State: Sendable {
        var running = 0
        var nextID: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Have a ticket and do not wait yet; one that is abandoned meanwhile is taken out.
        var arriving: Set<UInt64> = []
    }

    package var running: Int { self.state.withLock { $0.running } }

    package var waiting: Int { self.state.withLock { $0.waiting.count } }

    /// Runs the call when it is its turn.
    ///
    /// - Throws: ``ResilienceError`` `tooManyWaiting` or `timedOut`; `CancellationError`; what the call throws.
    package func run<Result>(
        deadline: Deadline,
        _ body: () async throws -> sending Result
    ) async throws -> sending Result {
        try await self.acquire(deadline: deadline)
        defer { self.release() }
        return try await body()
    }

    private func acquire(deadline: Deadline) async throws {
        let (maximum, maximumWaiting) = (self.maximum, self.maximumWaiting)
        let ticket: UInt64? = try self.state.withLock { state throws(ResilienceError) in
            if state.running < maximum {
                state.running += 1
                return nil
            }
            guard state.waiting.count < maximumWaiting else {
                throw ResilienceError(
                    code: .tooManyWaiting,
                    message: "\(self.name): \(maximum) running and \(maximumWaiting) waiting",
                    retryAfter: .seconds(1)
                )
            }
            state.nextID += 1
            state.arriving.insert(state.nextID)
            return state.nextID
        }
        guard let ticket else { return }
        let granted = await withTaskGroup(of: Void.self) { group in
            // Ends with the group: the waiter below is either granted its turn or abandoned by this timer.
            group.addTask {
                // Cancelled as soon as the turn has come; then there is nobody to wake.
                try? await Task.sleep(until: deadline.instant, clock: .continuous)
                self.abandon(ticket)
            }
            let granted = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in self.enqueue(ticket, continuation) }
            } onCancel: {
                self.abandon(ticket)
            }
            group.cancelAll()
            return granted
        }
        if !granted {
            try Task.checkCancellation()
            throw ResilienceError(
                code: .timedOut,
                message: "\(self.name): no turn within the deadline, \(maximum) running",
                retryAfter: .seconds(1)
            )
        }
    }

    private func enqueue(_ ticket: UInt64, _ continuation: CheckedContinuation<Bool, Never>) {
        let maximum = self.maximum
        let answer: Bool? = self.state.withLock { state in
            guard state.arriving.remove(ticket) != nil else { return false }
            // A place may have become free since it was asked for.
            if state.running < maximum, state.waiting.isEmpty {
                state.running += 1
                return true
            }
            state.waiting.append((ticket, continuation))
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func abandon(_ ticket: UInt64) {
        let continuation: CheckedContinuation<Bool, Never>? = self.state.withLock { state in
            if state.arriving.remove(ticket) != nil { return nil }
            guard let index = state.waiting.firstIndex(where: { $0.id == ticket }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        continuation?.resume(returning: false)
    }

    private func release() {
        let next: CheckedContinuation<Bool, Never>? = self.state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            // The place goes over to the first in the queue.
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
