import Concurrency

@testable import Pooling

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private struct Sleeper {
        let id: Int
        let until: PoolInstant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = PoolInstant(nanoseconds: 0)
        var sleepers: [Sleeper] = []
        var nextID = 0
    }

    private let state = Locked(State())

    var poolClock: PoolClock {
        PoolClock(now: { self.now }, sleep: { try await self.sleep(until: $0) })
    }

    var now: PoolInstant { self.state.withLock { $0.now } }

    func advance(by duration: Duration) {
        let due = self.state.withLock { state -> [Sleeper] in
            state.now = state.now.advanced(by: duration.wholeNanoseconds)
            let now = state.now
            let due = state.sleepers.filter { $0.until <= now }
            state.sleepers.removeAll { $0.until <= now }
            return due
        }
        for sleeper in due {
            sleeper.continuation.resume()
        }
    }

    private func sleep(until: PoolInstant) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = self.state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled {
                        return .failure(CancellationError())
                    }
                    if until <= state.now {
                        return .success(())
                    }
                    state.sleepers.append(Sleeper(id: id, until: until, continuation: continuation))
                    return nil
                }
                if let outcome {
                    continuation.resume(with: outcome)
                }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> Sleeper? in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
