import Concurrency

/// Runs `body`, which must stop when cancelled, until the deadline at most; throws `error` when it has passed.
func until<Value: Sendable>(
    _ deadline: Deadline,
    orThrow error: @escaping @Sendable () -> AuditError,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(until: deadline.instant, clock: .continuous)
            throw error()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw error() }
        return value
    }
}
