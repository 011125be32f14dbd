import NIOCore

/// Runs the tasks that prefer it on one event loop, so that they may touch what lives there without a hop.
///
/// Jobs are gathered: the loop is asked once when the queue turns non-empty, however many jobs follow before it answers.
/// After `roundsPerTurn` generations of jobs the rest waits for the loop's next turn, so that tasks which keep resuming
/// each other cannot hold off I/O. A loop that has shut down runs nothing more: tasks must have ended before.
package final class EventLoopTaskExecutor: TaskExecutor {
    private struct Queue: Sendable {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    private static let roundsPerTurn = 16

    package let eventLoop: any EventLoop
    private let queue = Locked(Queue())

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustSchedule = self.queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isScheduled = true }
            return !queue.isScheduled
        }
        if mustSchedule { self.schedule() }
    }

    private func schedule() {
        self.eventLoop.execute { self.drain() }
    }

    private func drain() {
        var batch: [UnownedJob] = []
        for _ in 0..<Self.roundsPerTurn {
            batch.removeAll(keepingCapacity: true)
            self.queue.withLock { queue in
                swap(&queue.jobs, &batch)
                queue.isScheduled = !batch.isEmpty
            }
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
        self.schedule()
    }
}
