import Concurrency
import Synchronization

/// Decides, while a statement runs, whether it may go on.
///
/// SQLite asks it every few hundred steps of its virtual machine and whenever a lock is taken, so neither a timer nor a
/// second thread is needed for deadlines, and a cancellation that arrives before the first step is not lost, as it
/// would be with `sqlite3_interrupt` alone.
// Sendable: `isCancelled` is atomic; the rest is touched only on the thread of the connection, in the calls of
// `SQLiteConnection` and in the callbacks SQLite makes during them.
final class SQLiteInterruption: @unchecked Sendable {
    /// Why a statement was stopped, or a wait for a lock given up.
    enum Reason {
        case cancelled
        case deadline
    }

    private let isCancelled = Atomic(false)
    private var deadline: Deadline = .distant
    private var lockTimeout: Duration = .zero
    private var lockDeadline: Deadline = .distant

    /// Begins a new operation: an earlier cancellation is forgotten.
    func begin(deadline: Deadline, lockTimeout: Duration) {
        self.isCancelled.store(false, ordering: .relaxed)
        self.deadline = deadline
        self.lockTimeout = lockTimeout
    }

    /// Asks the running operation to stop; may be called from any thread.
    func cancel() {
        self.isCancelled.store(true, ordering: .relaxed)
    }

    /// Why the operation has to stop; nil when it may go on.
    var reason: Reason? {
        if self.isCancelled.load(ordering: .relaxed) { return .cancelled }
        return self.deadline.hasPassed ? .deadline : nil
    }

    /// How long to sleep before the `attempt`-th try for a lock, counted from 0; nil to give up.
    ///
    /// Short at first, as in SQLite's own busy handler, and never so long that a cancellation has to wait for it.
    func pauseForLock(attempt: Int) -> Duration? {
        if attempt == 0 { self.lockDeadline = self.deadline.limited(to: self.lockTimeout) }
        guard self.reason == nil else { return nil }
        let remaining = self.lockDeadline.remaining
        guard remaining > .zero else { return nil }
        let pauses: [Duration] = [.milliseconds(1), .milliseconds(2), .milliseconds(5), .milliseconds(10)]
        return min(attempt < pauses.count ? pauses[attempt] : .milliseconds(20), remaining)
    }
}
