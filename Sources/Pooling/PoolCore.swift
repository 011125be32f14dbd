import Concurrency
import Logging

/// A connection of any kind as an object, so that the core needs no generics.
@usableFromInline final class PooledConnection<Connection: Sendable>: Sendable {
    @usableFromInline let connection: Connection

    init(connection: Connection) {
        self.connection = connection
    }
}

/// The driver of a pool with the kind of connection forgotten.
struct PoolCoreDriver: Sendable {
    let connect: @Sendable (PoolConnectContext) async throws -> PoolCore.Handle
    let close: @Sendable (PoolCore.Handle) async -> Void
    let check: (@Sendable (PoolCore.Handle, Deadline) async throws -> Void)?
    let reset: (@Sendable (PoolCore.Handle) async throws -> Void)?
}

/// Everything a pool does that does not depend on the kind of its connections.
///
/// Apart from `Pool` so that it is compiled once and without generics, which would cost more than the lease itself.
/// Holds the machine under its lock, performs what the machine decides after releasing it.
@usableFromInline final class PoolCore: Sendable {
    @usableFromInline typealias Handle = any AnyObject & Sendable

    @usableFromInline struct Lease: Sendable {
        let id: PoolLeaseID
        @usableFromInline let handle: Handle
        /// Set for timed leases only.
        var began = PoolInstant.distantPast
    }

    enum WaitOutcome: Sendable {
        case leased(Lease)
        case refused(PoolRefusal)
        case cancelled
    }

    struct State: Sendable {
        var machine: PoolStateMachine
        /// By slot: the connection, from the end of its dial to the end of its close.
        var handles: [Handle?]
        /// By slot: interrupts the driver's work under way.
        var interrupts: [Signal?]
        /// By index of the waiter.
        var waiters: [OneShot<WaitOutcome>?] = []
        var drains: [OneShot<Void>] = []
        var isRunning = false
        var hasRun = false
    }

    let identity: PoolIdentity
    let settings: PoolSettings
    let driver: PoolCoreDriver
    let clock: PoolClock
    let logger: Logger
    let housekeeping = Signal()
    let metrics: PoolMetrics
    private let state: Locked<State>

    init(
        identity: PoolIdentity,
        settings: PoolSettings,
        driver: PoolCoreDriver,
        clock: PoolClock,
        logger: Logger
    ) {
        self.identity = identity
        self.settings = settings
        self.driver = driver
        self.clock = clock
        self.metrics = PoolMetrics(pool: identity.name, kind: identity.kind)
        var logger = logger
        logger[metadataKey: "pool.name"] = "\(identity.name)"
        self.logger = logger
        let limits = PoolLimits(settings, canCheck: driver.check != nil, mustReset: driver.reset != nil)
        self.state = Locked(
            State(
                machine: PoolStateMachine(limits: limits, now: clock.now),
                handles: Array(repeating: nil, count: limits.maxSize),
                interrupts: Array(repeating: nil, count: limits.maxSize)
            )
        )
    }

    func instant(of deadline: Deadline, now: PoolInstant) -> PoolInstant {
        now.advanced(by: deadline.remaining.wholeNanoseconds)
    }

    // MARK: - Lending

    /// An idle connection if there is one and nobody waits; takes the lock once and allocates nothing.
    @usableFromInline func leaseIdle(owner: LeaseOwner, holder: TaskIdentity) -> Lease? {
        let now = self.clock.coarse
        var wakes = false
        var lease: Lease? = self.state.withLock { state in
            guard let id = state.machine.leaseIdle(owner: owner, holder: holder, now: now),
                let handle = state.handles[id.slot]
            else {
                return nil
            }
            wakes = state.machine.takeWakeUp()
            return Lease(id: id, handle: handle)
        }
        if wakes {
            self.housekeeping.raise()
        }
        if lease?.id.isTimed == true {
            lease?.began = self.clock.now
        }
        return lease
    }

    /// Waits for a connection as long as `deadline` and the acquire timeout allow.
    ///
    /// Throws `PoolError`, or `CancellationError` when the task is cancelled; a connection handed over at that very
    /// moment goes back.
    func lease(owner: LeaseOwner, holder: TaskIdentity, deadline: Deadline) async throws -> Lease {
        try Task.checkCancellation()
        let waiter = OneShot<WaitOutcome>()
        let now = self.clock.now
        let limit = self.instant(of: deadline.limited(to: self.settings.acquireTimeout), now: now)
        let (decision, isRunning) = self.perform { state -> (PoolAcquireDecision, Bool) in
            let decision = state.machine.acquire(owner: owner, holder: holder, deadline: limit, now: now)
            if case .waiting(let id) = decision {
                state.register(waiter, at: id.index)
            }
            return (decision, state.isRunning)
        }
        switch decision {
        case .leased(let id): return try self.lease(id, began: now)
        case .refused(let refusal): throw self.error(for: refusal)
        case .waiting(let id):
            let outcome = await withTaskCancellationHandler {
                isRunning ? await waiter.value() : await self.waitOutsideRun(waiter, until: limit)
            } onCancel: {
                self.react { state, _ in state.machine.waiterCancelled(id) }
            }
            switch outcome {
            case .leased(let lease):
                guard !Task.isCancelled else {
                    self.giveBack(lease, .usable)
                    throw CancellationError()
                }
                return lease
            case .refused(let refusal): throw self.error(for: refusal)
            case .cancelled: throw CancellationError()
            }
        }
    }

    /// While nobody keeps house, the waiter watches its deadline itself.
    private func waitOutsideRun(_ waiter: OneShot<WaitOutcome>, until limit: PoolInstant) async -> WaitOutcome {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await self.clock.sleep(until: limit)
                    self.react { state, now in state.machine.timePassed(now: now) }
                } catch {
                    // Cancelled, because the waiter has been served.
                }
            }
            let outcome = await waiter.value()
            group.cancelAll()
            return outcome
        }
    }

    private func lease(_ id: PoolLeaseID, began: PoolInstant) throws -> Lease {
        let handle = self.state.withLock { state in state.handles[id.slot] }
        guard let handle else {
            throw PoolError(code: .closed, pool: self.identity.name, message: "pool \(self.identity.name) is closed")
        }
        return Lease(id: id, handle: handle, began: began)
    }

    @usableFromInline func giveBack(_ lease: Lease, _ condition: PoolReturnCondition) {
        let held = lease.id.isTimed ? self.clock.now.nanoseconds(since: lease.began) : nil
        if condition == .usable, self.returnIdle(lease.id, held: held) {
            return
        }
        self.react { state, now in state.machine.released(lease.id, condition, held: held, now: now) }
    }

    /// Takes the lock once and allocates nothing; false when somebody waits or the connection has to go.
    private func returnIdle(_ lease: PoolLeaseID, held: Int64?) -> Bool {
        let now = self.clock.coarse
        var wakes = false
        let isReturned = self.state.withLock { state in
            let isReturned = state.machine.returnIdle(lease, held: held, now: now)
            wakes = state.machine.takeWakeUp()
            return isReturned
        }
        if wakes {
            self.housekeeping.raise()
        }
        return isReturned
    }

    // MARK: - Performing

    /// Runs an event of the machine and does what it asks for.
    func react(_ event: (inout State, PoolInstant) -> PoolReaction) {
        let now = self.clock.now
        let effects: Effects = self.state.withLock { state in
            let reaction = event(&state, now)
            return Effects(reaction, &state, now: now)
        }
        self.perform(effects)
    }

    /// Runs events that settle nobody.
    @discardableResult
    func perform<Result: Sendable>(_ event: (inout State) -> Result) -> Result {
        let (result, wakes): (Result, Bool) = self.state.withLock { state in
            (event(&state), state.machine.takeWakeUp())
        }
        if wakes {
            self.housekeeping.raise()
        }
        return result
    }

    func perform(_ effects: Effects) {
        if let (waiter, outcome) = effects.settlement {
            waiter.settle(outcome)
        }
        for (waiter, outcome) in effects.furtherSettlements {
            waiter.settle(outcome)
        }
        for drain in effects.drains {
            drain.settle(())
        }
        if effects.wakes {
            self.housekeeping.raise()
        }
        for report in effects.reports {
            self.log(report)
        }
    }

    /// A reaction with the waiters it concerns, gathered under the lock and performed after it.
    struct Effects: Sendable {
        private(set) var settlement: (OneShot<WaitOutcome>, WaitOutcome)?
        private(set) var furtherSettlements: [(OneShot<WaitOutcome>, WaitOutcome)] = []
        private(set) var drains: [OneShot<Void>] = []
        let reports: [PoolReport]
        let wakes: Bool

        init(_ reaction: PoolReaction, _ state: inout State, now: PoolInstant) {
            self.reports = reaction.reports
            self.wakes = state.machine.takeWakeUp()
            if let settlement = reaction.settlement {
                self.settlement = state.resolve(settlement, now: now)
            }
            for settlement in reaction.furtherSettlements {
                if let resolved = state.resolve(settlement, now: now) {
                    self.furtherSettlements.append(resolved)
                }
            }
            if !state.drains.isEmpty, state.machine.isEmptied {
                swap(&self.drains, &state.drains)
            }
        }
    }
}

extension PoolCore.State {
    mutating func register(_ waiter: OneShot<PoolCore.WaitOutcome>, at index: Int) {
        while self.waiters.count <= index {
            self.waiters.append(nil)
        }
        self.waiters[index] = waiter
    }

    fileprivate mutating func resolve(
        _ settlement: PoolReaction.Settlement,
        now: PoolInstant
    ) -> (OneShot<PoolCore.WaitOutcome>, PoolCore.WaitOutcome)? {
        guard let waiter = self.waiters[settlement.waiter.index] else {
            return nil
        }
        self.waiters[settlement.waiter.index] = nil
        switch settlement.result {
        case .leased(let id):
            // The machine lends nothing that is not there; should it ever, nobody must wait for ever.
            guard let handle = self.handles[id.slot] else {
                return (waiter, .cancelled)
            }
            return (waiter, .leased(PoolCore.Lease(id: id, handle: handle, began: now)))
        case .refused(let refusal): return (waiter, .refused(refusal))
        case .cancelled: return (waiter, .cancelled)
        }
    }
}
