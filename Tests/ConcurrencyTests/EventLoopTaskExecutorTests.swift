import Concurrency
import NIOCore
import NIOPosix
import Testing

struct EventLoopTaskExecutorTests {
    @Test func `a task that prefers a loop runs there, also after it has suspended`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = EventLoopTaskExecutor(eventLoop: group.next())
        let places = await Task(executorPreference: executor) {
            var places = [executor.eventLoop.inEventLoop]
            await Task.yield()
            places.append(executor.eventLoop.inEventLoop)
            await Task(executorPreference: globalConcurrentExecutor) {}.value
            places.append(executor.eventLoop.inEventLoop)
            return places
        }.value
        #expect(places == [true, true, true])
        try await group.shutdownGracefully()
    }

    @Test func `all of many tasks from many threads run`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = EventLoopTaskExecutor(eventLoop: group.next())
        let total = await withTaskGroup(of: Int.self) { tasks in
            for number in 0..<10_000 {
                tasks.addTask(executorPreference: executor) {
                    await Task.yield()
                    return number
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(total == (0..<10_000).reduce(0, +))
        try await group.shutdownGracefully()
    }

    @Test func `tasks that keep resuming each other leave the loop time for other work`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = EventLoopTaskExecutor(eventLoop: group.next())
        let busy = Task(executorPreference: executor) {
            while !Task.isCancelled { await Task.yield() }
        }
        // Would never be answered by a loop that only serves the task above.
        try await executor.eventLoop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        busy.cancel()
        await busy.value
        try await group.shutdownGracefully()
    }
}
