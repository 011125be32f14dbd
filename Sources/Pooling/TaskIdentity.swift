/// Which task it is, for finding a task that waits for what it holds itself; never used to reach the task.
struct TaskIdentity: Sendable, Hashable {
    private let hash: Int

    static let unknown = Self(hash: 0)

    static var current: Self {
        Self(hash: withUnsafeCurrentTask { $0?.hashValue ?? 0 })
    }

    private init(hash: Int) {
        self.hash = hash
    }

    init(forTesting number: Int) {
        self.hash = number
    }
}
