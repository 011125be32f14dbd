import Concurrency

/// How far the events of this spool are in the database, for readers that must not miss any.
final class ShippedMark: Sendable {
    private let state = Locked(State())

    private struct State {
        var sequence: Int64 = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: (target: Int64, continuation: CheckedContinuation<Void, any Error>)] = [:]
    }

    var sequence: Int64 { self.state.withLock { $0.sequence } }

    func advance(to sequence: Int64) {
        let ready = self.state.withLock { state in
            state.sequence = max(state.sequence, sequence)
            let reached = state.sequence
            let ready = state.waiters.filter { $0.value.target <= reached }
            for id in ready.keys { state.waiters[id] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns when `target` is in the database; throws `.behind` when it is not by the deadline.
    func wait(for target: Int64, deadline: Deadline) async throws {
        guard self.sequence < target else { return }
        try await until(
            deadline,
            orThrow: {
                AuditError(
                    .behind,
                    "acknowledged audit events up to \(target) are not in the database yet, only up to \(self.sequence)"
                )
            },
            { try await self.wait(for: target) }
        )
    }

    private func wait(for target: Int64) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isThere = self.state.withLock { state in
                    if state.sequence >= target { return true }
                    state.waiters[id] = (target, continuation)
                    return false
                }
                if isThere { return continuation.resume() }
                // The handler may have run before there was a waiter to find.
                if Task.isCancelled { self.cancel(id) }
            }
        } onCancel: {
            self.cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        let waiter = self.state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
