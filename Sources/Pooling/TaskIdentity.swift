/// Which task it is, for finding a task that waits for what it holds itself; never used to reach the task.
struct TaskIdentity: Sendable, Hashable {
    private let address: UInt

    static let unknown = Self(address: 0)

    private init(address: UInt) {
        self.address = address
    }

    init(forTesting number: UInt) {
        self.address = number
    }

    /// The present task, and whether it is cancelled; asking for both at once halves the cost.
    static var current: (identity: Self, isCancelled: Bool) {
        withUnsafeCurrentTask { task in
            guard let task else {
                return (.unknown, false)
            }
            // A reference to the task and nothing else; `hashValue` would tell the same, more slowly.
            return (Self(address: unsafeBitCast(task, to: UInt.self)), task.isCancelled)
        }
    }
}
