import Collections

/// Decides which job runs on a hashing thread and which waits: at most `limit` run, at most `maximumWaiting` wait, in
/// the order they came.
struct HashingQueueStateMachine<Job: Identifiable> {
    private let limit: Int
    private let maximumWaiting: Int
    private var running = 0
    private var waiting: Deque<Job> = []

    init(limit: Int, maximumWaiting: Int) {
        self.limit = max(1, limit)
        self.maximumWaiting = maximumWaiting
    }

    /// What to do with a new job.
    enum SubmitAction {
        case run(Job)
        case wait
        case reject(Job)
    }

    mutating func jobSubmitted(_ job: Job) -> SubmitAction {
        if self.running < self.limit {
            self.running += 1
            return .run(job)
        }
        guard self.waiting.count < self.maximumWaiting else { return .reject(job) }
        self.waiting.append(job)
        return .wait
    }

    /// Returns the job that takes the place of the finished one.
    mutating func jobFinished() -> Job? {
        if let next = self.waiting.popFirst() { return next }
        self.running -= 1
        return nil
    }

    /// Returns the job if it was still waiting; one that runs is not stopped.
    mutating func jobCancelled(_ id: Job.ID) -> Job? {
        guard let index = self.waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return self.waiting.remove(at: index)
    }
}
