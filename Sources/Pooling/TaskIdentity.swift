import CCurrentTask

/// Which task it is, for finding a task that waits for what it holds itself; never used to reach the task.
@usableFromInline struct TaskIdentity: Sendable, Hashable {
    private let address: UInt

    static let unknown = Self(address: 0)

    private init(address: UInt) {
        self.address = address
    }

    init(forTesting number: UInt) {
        self.address = number
    }

    /// The present task, and whether it is cancelled.
    @usableFromInline static var current: (identity: Self, isCancelled: Bool) {
        guard let task = swift_task_getCurrent() else {
            return (.unknown, false)
        }
        return (Self(address: UInt(bitPattern: task)), swift_task_isCancelled(task))
    }
}
