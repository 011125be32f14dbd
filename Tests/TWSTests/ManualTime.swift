import Concurrency
import Resilience

/// Time that moves only when somebody says so.
final class ManualTime: Sendable {
    private struct Sleeper {
        let id: Int
        let until: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: ContinuousClock.Instant
        var nextID = 0
        var sleepers: [Sleeper] = []
        /// Cancelled before they slept.
        var cancelled: Set<Int> = []
        var observers: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Locked<State>

    init(_ start: ContinuousClock.Instant = ContinuousClock.now) {
        self.state = Locked(State(now: start))
    }

    var now: ContinuousClock.Instant { self.state.withLock { $0.now } }

    func advance(by duration: Duration) {
        let awake = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let now = state.now
            let awake = state.sleepers.filter { $0.until <= now }
            state.sleepers.removeAll { $0.until <= now }
            return awake
        }
        for sleeper in awake { sleeper.continuation.resume() }
    }

    /// For what is to live in this time.
    var timing: Timing {
        Timing(now: { self.now }, sleep: { try await self.sleep(for: $0) }, random: { 0.5 })
    }

    /// Returns when somebody waits for time to pass: nothing else is left to do for him.
    func untilSomebodySleeps() async {
        await withCheckedContinuation { continuation in
            let isAsleep = self.state.withLock { state in
                if state.sleepers.isEmpty { state.observers.append(continuation) }
                return !state.sleepers.isEmpty
            }
            if isAsleep { continuation.resume() }
        }
    }

    private func sleep(for duration: Duration) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { self.begin(id, duration, $0) }
        } onCancel: {
            self.wake(id)
        }
        try Task.checkCancellation()
    }

    private func begin(_ id: Int, _ duration: Duration, _ continuation: CheckedContinuation<Void, Never>) {
        let observers: [CheckedContinuation<Void, Never>]? = self.state.withLock { state in
            guard state.cancelled.remove(id) == nil, duration > .zero else { return nil }
            state.sleepers.append(Sleeper(id: id, until: state.now.advanced(by: duration), continuation: continuation))
            defer { state.observers = [] }
            return state.observers
        }
        guard let observers else { return continuation.resume() }
        for observer in observers { observer.resume() }
    }

    private func wake(_ id: Int) {
        let sleeper: Sleeper? = self.state.withLock { state in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume()
    }
}
