import Concurrency
import Pooling

/// The writer's and the readers' pool as operators see them: one pool `database`.
struct SQLitePools: ObservablePool {
    let writers: any ObservablePool
    let readers: any ObservablePool

    var name: String { self.readers.name }

    /// Sums of both; percentiles are the larger of the two, since they cannot be added.
    var snapshot: PoolSnapshot {
        let writers = self.writers.snapshot
        var both = self.readers.snapshot
        both.role = "primary"
        both.minSize += writers.minSize
        both.maxSize += writers.maxSize
        both.active += writers.active
        both.idle += writers.idle
        both.connecting += writers.connecting
        both.inFlight += writers.inFlight
        both.excess += writers.excess
        both.waiting += writers.waiting
        both.peakActive += writers.peakActive
        both.totals.add(writers.totals)
        both.waitSeconds.raise(to: writers.waitSeconds)
        both.holdSeconds.raise(to: writers.holdSeconds)
        both.utilization = both.maxSize == 0 ? 0 : Double(both.active) / Double(both.maxSize)
        both.lastConnectError = both.lastConnectError ?? writers.lastConnectError
        if writers.lastHealthCheck?.ok == false || both.lastHealthCheck == nil {
            both.lastHealthCheck = writers.lastHealthCheck ?? both.lastHealthCheck
        }
        both.advice += writers.advice
        both.leases = self.leases(of: both, and: writers)
        return both
    }

    var leases: [PoolLeaseDescription] { self.leases(of: self.readers.snapshot, and: self.writers.snapshot) }

    /// `max` counts the one writer: the readers get one less, at least one.
    func resize(min: Int, max: Int) throws(PoolError) {
        guard max >= 2, min >= 0, min <= max else {
            throw PoolError(
                code: .invalidSize,
                pool: self.name,
                message: "SQLite needs one writer and at least one reader: 2 <= maxSize, minSize <= maxSize"
            )
        }
        try self.readers.resize(min: Swift.max(0, min - 1), max: max - 1)
    }

    func suspend() {
        self.writers.suspend()
        self.readers.suspend()
    }

    func resume() {
        self.writers.resume()
        self.readers.resume()
    }

    func drain(deadline: Deadline) async -> Bool {
        async let writersAreEmpty = self.writers.drain(deadline: deadline)
        let readersAreEmpty = await self.readers.drain(deadline: deadline)
        return await writersAreEmpty && readersAreEmpty
    }

    func evict() {
        self.writers.evict()
        self.readers.evict()
    }

    /// Ids are only unique within a pool, so they say which of the two they belong to.
    private func leases(of readers: PoolSnapshot, and writers: PoolSnapshot) -> [PoolLeaseDescription] {
        let all =
            readers.leases.map { $0.prefixed("reader") }
            + writers.leases.map { $0.prefixed("writer") }
        return all.sorted { $0.ageSeconds > $1.ageSeconds }
    }
}

extension PoolLeaseDescription {
    fileprivate func prefixed(_ prefix: String) -> Self {
        var lease = self
        lease.id = "\(prefix).\(self.id)"
        return lease
    }
}

extension PoolSnapshot.Totals {
    fileprivate mutating func add(_ other: Self) {
        self.acquired += other.acquired
        self.created += other.created
        self.closed += other.closed
        self.timeouts += other.timeouts
        self.exhausted += other.exhausted
        self.connectErrors += other.connectErrors
        self.validationFailures += other.validationFailures
        self.leaked += other.leaked
        self.reclaimed += other.reclaimed
    }
}

extension PoolSnapshot.Percentiles {
    fileprivate mutating func raise(to other: Self) {
        self.p50 = Swift.max(self.p50, other.p50)
        self.p95 = Swift.max(self.p95, other.p95)
        self.p99 = Swift.max(self.p99, other.p99)
        self.max = Swift.max(self.max, other.max)
    }
}
