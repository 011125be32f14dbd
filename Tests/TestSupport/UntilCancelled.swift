/// Suspends until the task is cancelled, and throws then; for handlers that would never end by themselves.
package func untilCancelled() async throws {
    let (never, continuation) = AsyncStream<Void>.makeStream()
    for await _ in never {}
    withExtendedLifetime(continuation) {}
    try Task.checkCancellation()
}
