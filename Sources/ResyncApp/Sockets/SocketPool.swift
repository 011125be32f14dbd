import Concurrency
import Pooling
import WebSockets

/// The WebSockets as a pool among the others, for figures and the verbs that make sense for them.
struct SocketPool: ObservablePool {
    /// As for `ws_pool.max_size`.
    private static let largestSize = 100_000

    let manager: ConnectionManager
    let endpoint: String

    var name: String { "websockets" }
    var leases: [PoolLeaseDescription] { [] }

    var snapshot: PoolSnapshot {
        let figures = self.manager.figures
        var totals = PoolSnapshot.Totals()
        totals.acquired = UInt64(figures.admitted)
        totals.created = UInt64(figures.admitted)
        totals.closed = UInt64(figures.closed)
        totals.exhausted = UInt64(figures.refused)
        var snapshot = PoolSnapshot(
            name: self.name,
            kind: "websocket",
            endpoint: self.endpoint,
            role: "server",
            state: PoolSnapshot.State(figures.intake),
            minSize: 0,
            maxSize: figures.maximum,
            active: figures.open,
            connecting: figures.upgrading,
            peakActive: figures.peak,
            totals: totals
        )
        if figures.slowConsumers > 0 {
            snapshot.advice.append("\(figures.slowConsumers) clients were closed because they did not keep up.")
        }
        if figures.eventsDropped > 0 {
            snapshot.advice.append("\(figures.eventsDropped) events were replaced by gaps for slow clients.")
        }
        return snapshot
    }

    /// Clients open sockets, the server cannot: there is no minimum.
    func resize(min: Int, max: Int) throws(PoolError) {
        guard min == 0, (1...Self.largestSize).contains(max) else {
            throw PoolError(
                code: .invalidSize,
                pool: self.name,
                message: "websockets cannot have sizes \(min) to \(max): min is 0, max 1 to \(Self.largestSize)"
            )
        }
        self.manager.resize(maximum: max)
    }

    func suspend() { self.manager.suspend() }
    func resume() { self.manager.resume() }
    func evict() { self.manager.evict() }

    func drain(deadline: Deadline) async -> Bool {
        // Only a shutdown of the event loops makes this throw.
        try? await self.manager.drain(deadline: deadline)
        return self.manager.figures.open == 0
    }
}

extension PoolSnapshot.State {
    fileprivate init(_ intake: SocketIntake) {
        switch intake {
        case .open: self = .running
        case .suspended: self = .suspended
        case .draining: self = .draining
        }
    }
}
