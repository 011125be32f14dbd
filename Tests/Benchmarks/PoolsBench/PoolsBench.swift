import AllocationCounter
import Concurrency
import Glibc
import Logging
import Pooling

/// Measures what a pool costs its borrowers, apart from any server: the connections do nothing.
///
/// Wall clock and processor time, because only the latter means something on a machine that is busy otherwise.
@main
struct PoolsBench {
    private final class Connection: Sendable {}

    private static let owner = LeaseOwner("bench")
    private static let rounds = 11

    static func main() async throws {
        var rows = FigureRows(group: "pools")
        let pool = Self.makePool(size: 10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run() }
            while pool.snapshot.idle < 10 {
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Self.measure(pool, &rows)
            group.cancelAll()
            try await group.waitForAll()
        }
        try rows.save()
    }

    private static func measure(_ pool: Pool<Connection>, _ rows: inout FigureRows) async throws {
        let deadline = Deadline.distant
        try await Self.cycle(pool, times: 200_000, deadline: deadline)
        var alone: [Double] = []
        var together: [Double] = []
        var processor: [Double] = []
        for _ in 0..<Self.rounds {
            let before = clock()
            try await Self.cycle(pool, times: 500_000, deadline: deadline)
            processor.append(Double(clock() - before) * 1e9 / Double(CLOCKS_PER_SEC) / 500_000)
            alone.append(try await Self.nanoseconds(pool, tasks: 1, times: 1_000_000, deadline: deadline))
            together.append(try await Self.nanoseconds(pool, tasks: 2, times: 500_000, deadline: deadline))
        }
        rows.add(
            "pools.acquireRelease",
            Self.median(alone),
            "ns",
            target: "< 100",
            isMet: Self.median(alone) < 100
        )
        rows.add("pools.acquireReleaseProcessorTime", Self.median(processor), "ns")
        rows.add("pools.acquireRelease2", Self.median(together), "ns")

        let before = allocation_count()
        try await Self.cycle(pool, times: 100_000, deadline: deadline)
        let allocations = Double(allocation_count() - before) / 100_000
        rows.add(
            "pools.acquireReleaseAllocations",
            allocations,
            "per cycle",
            target: "< 0.01",
            isMet: allocations < 0.01
        )
        try await Self.measureQueue(&rows)
    }

    /// A hundred tasks share ten connections, each lease yields once: what a hand-over costs.
    private static func measureQueue(_ rows: inout FigureRows) async throws {
        let pool = Self.makePool(size: 10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run() }
            let deadline = Deadline.after(.seconds(60))
            let perTask = 2_000
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { borrowers in
                for _ in 0..<100 {
                    borrowers.addTask {
                        for _ in 0..<perTask {
                            try await pool.withConnection(owner: Self.owner, deadline: deadline) { _ in
                                await Task.yield()
                            }
                        }
                    }
                }
                try await borrowers.waitForAll()
            }
            let elapsed = start.duration(to: .now) / (100 * perTask)
            rows.add("pools.handOver100Tasks10Connections", elapsed / .nanoseconds(1), "ns")
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private static func makePool(size: Int) -> Pool<Connection> {
        var logger = Logger(label: "pools-bench")
        logger.logLevel = .error
        var settings = PoolSettings(minSize: size, maxSize: size)
        settings.acquireTimeout = .seconds(60)
        return Pool(
            name: "bench",
            kind: "none",
            endpoint: "nowhere",
            settings: settings,
            driver: PoolDriver(connect: { _ in Connection() }, close: { _ in }),
            logger: logger
        )
    }

    private static func nanoseconds(
        _ pool: Pool<Connection>,
        tasks: Int,
        times: Int,
        deadline: Deadline
    ) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask { try await Self.cycle(pool, times: times, deadline: deadline) }
            }
            try await group.waitForAll()
        }
        return start.duration(to: .now) / .nanoseconds(1) / Double(tasks * times)
    }

    private static func cycle(_ pool: Pool<Connection>, times: Int, deadline: Deadline) async throws {
        for _ in 0..<times {
            try await pool.withConnection(owner: Self.owner, deadline: deadline) { _ in }
        }
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }
}
