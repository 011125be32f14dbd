import Database
import Glibc

/// A thread that runs the jobs of one actor, one after the other.
///
/// SQLite's calls block; here they block nobody but their own connection. The thread ends when the executor is no
/// longer referenced, which is after its last job.
final class SQLiteThread: SerialExecutor {
    private let mailbox = JobMailbox()

    init() throws(DatabaseError) {
        let status = self.mailbox.startThread()
        guard status == 0 else {
            throw DatabaseError(.connection, "cannot start a thread for a connection: errno \(status)")
        }
    }

    deinit {
        self.mailbox.close()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        self.mailbox.append(JobMailbox.Entry(job: UnownedJob(job), executor: self))
    }
}

/// The queue between an executor and its thread.
///
/// Bounded by what uses it: one lease of the connection, which awaits each call before the next.
// Sendable: `entries` and `isClosed` are touched only between lock and unlock of `mutex`; the two pointers never change.
@safe
private final class JobMailbox: @unchecked Sendable {
    /// The executor is kept with the job, because the job may drop the last reference to the actor while it runs.
    struct Entry {
        let job: UnownedJob
        let executor: SQLiteThread
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var entries: [Entry] = []
    private var isClosed = false

    init() {
        unsafe self.mutex = .allocate(capacity: 1)
        unsafe self.mutex.initialize(to: pthread_mutex_t())
        unsafe self.changed = .allocate(capacity: 1)
        unsafe self.changed.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(self.mutex, nil)
        unsafe pthread_cond_init(self.changed, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(self.changed)
        unsafe pthread_mutex_destroy(self.mutex)
        unsafe self.changed.deallocate()
        unsafe self.mutex.deallocate()
    }

    /// Starts a detached thread that keeps the mailbox, and returns 0 or the error number.
    func startThread() -> Int32 {
        let argument = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<JobMailbox>.fromOpaque(argument).takeRetainedValue().runJobs()
                return nil
            },
            argument.toOpaque()
        )
        guard status == 0 else {
            unsafe argument.release()
            return status
        }
        pthread_detach(thread)
        return 0
    }

    func append(_ entry: Entry) {
        unsafe pthread_mutex_lock(self.mutex)
        self.entries.append(entry)
        unsafe pthread_mutex_unlock(self.mutex)
        unsafe pthread_cond_signal(self.changed)
    }

    func close() {
        unsafe pthread_mutex_lock(self.mutex)
        self.isClosed = true
        unsafe pthread_mutex_unlock(self.mutex)
        unsafe pthread_cond_signal(self.changed)
    }

    private func runJobs() {
        while let batch = self.takeAll() {
            for entry in batch {
                unsafe entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
        }
    }

    /// Waits for jobs; nil when the mailbox is closed and empty.
    private func takeAll() -> [Entry]? {
        unsafe pthread_mutex_lock(self.mutex)
        defer { unsafe pthread_mutex_unlock(self.mutex) }
        while self.entries.isEmpty {
            if self.isClosed { return nil }
            unsafe pthread_cond_wait(self.changed, self.mutex)
        }
        let batch = self.entries
        self.entries = []
        return batch
    }
}
