import Concurrency
import Dispatch
import Synchronization

/// A few threads for work that computes for a tenth of a second, away from event loops and the cooperative pool.
final class HashingQueue: Sendable {
    private let state: Locked<HashingQueueStateMachine<Job>>
    private let nextID = Atomic<UInt64>(0)
    private let threads = DispatchQueue(label: "resync.hashing", attributes: .concurrent)

    /// How long the queue at its fullest takes; what a rejected caller is told to wait.
    private let retryAfter: Duration

    init(concurrency: Int, maximumWaiting: Int) {
        self.state = Locked(HashingQueueStateMachine(limit: concurrency, maximumWaiting: maximumWaiting))
        self.retryAfter = .seconds(1 + maximumWaiting / (10 * max(1, concurrency)))
    }

    /// Runs `body` on one of the threads.
    ///
    /// Throws `.overloaded` at once when too many wait already. A caller cancelled while waiting leaves the queue; work
    /// that has begun is finished and its result thrown away.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let id = self.nextID.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                let job = Job(
                    id: id,
                    work: { continuation.resume(with: Result { try body() }) },
                    fail: { continuation.resume(throwing: $0) }
                )
                self.submit(job)
                // The handler may have run before the job was there to be found.
                if Task.isCancelled { self.cancel(id) }
            }
        } onCancel: {
            self.cancel(id)
        }
    }

    private struct Job: Identifiable, Sendable {
        let id: UInt64
        let work: @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private func submit(_ job: Job) {
        switch self.state.withLock({ $0.jobSubmitted(job) }) {
        case .run(let job):
            self.start(job)
        case .wait:
            break
        case .reject(let job):
            job.fail(
                AuthenticationError(
                    .overloaded(retryAfter: self.retryAfter),
                    "too many passwords wait for verification"
                )
            )
        }
    }

    private func start(_ job: Job) {
        self.threads.async {
            job.work()
            if let next = self.state.withLock({ $0.jobFinished() }) { self.start(next) }
        }
    }

    private func cancel(_ id: UInt64) {
        self.state.withLock { $0.jobCancelled(id) }?.fail(CancellationError())
    }
}
