import Concurrency
import ServiceLifecycle

/// Housekeeping and the driver's work.
extension PoolCore {
    private static let publishInterval: Int64 = 5_000_000_000

    @usableFromInline func run() async throws {
        let isFirst = self.perform { state in
            defer {
                state.hasRun = true
                state.isRunning = true
            }
            return !state.hasRun
        }
        guard isFirst else {
            throw PoolError(
                code: .alreadyRunning,
                pool: self.identity.name,
                message: "pool \(self.identity.name) is run a second time"
            )
        }
        // Awaited right below. A task of its own, because a cancelled run() still has to close the connections, and
        // the driver's work would otherwise start cancelled.
        let house = Task { await self.keepHouse() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await house.value
            } onGracefulShutdown: {
                self.stop(within: self.settings.drainTimeout)
            }
        } onCancel: {
            self.stop(within: .zero)
        }
    }

    private func stop(within timeout: Duration) {
        self.react { state, now in
            state.machine.stop(end: now.advanced(by: timeout.wholeNanoseconds), now: now)
        }
    }

    /// Starts the driver's work the machine asks for and sleeps until something falls due, until the pool is closed.
    private func keepHouse() async {
        await withDiscardingTaskGroup { group in
            var publishAt = PoolInstant.distantPast
            while true {
                self.react { state, now in state.machine.timePassed(now: now) }
                let (commands, wakeAt, isClosed) = self.perform { state in
                    let (commands, wakeAt) = state.machine.takeCommands()
                    return (commands, wakeAt, state.machine.phase == .closed)
                }
                for command in commands {
                    self.execute(command, in: &group)
                }
                let now = self.clock.now
                if publishAt <= now || isClosed {
                    publishAt = now.advanced(by: Self.publishInterval)
                    self.publishMetrics()
                }
                if isClosed {
                    break
                }
                await self.sleep(until: min(wakeAt, publishAt))
            }
        }
        self.perform { state in state.isRunning = false }
    }

    private func sleep(until instant: PoolInstant) async {
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await self.housekeeping.wait() }
            race.addTask {
                do {
                    try await self.clock.sleep(until: instant)
                } catch {
                    // Cancelled, because the signal came first.
                }
            }
            await race.next()
            race.cancelAll()
        }
    }

    private func execute(_ command: PoolCommand, in group: inout DiscardingTaskGroup) {
        switch command {
        case .connect(let id, let deadline):
            let interrupt = self.interruptBefore(id)
            group.addTask { await self.connect(id, deadline: deadline, interrupt) }
        case .check(let id, let deadline):
            let interrupt = self.interruptBefore(id)
            group.addTask { await self.check(id, deadline: deadline, interrupt) }
        case .reset(let id):
            let interrupt = self.interruptBefore(id)
            group.addTask { await self.reset(id, interrupt) }
        case .close(let id):
            let interrupt = self.interruptBefore(id)
            group.addTask { await self.close(id, interrupt) }
        case .interrupt(let id):
            let interrupt = self.perform { state in state.interrupts[id.slot] }
            interrupt?.raise()
        }
    }

    /// In place before the work begins, so that an interrupt which comes even before that is not lost.
    private func interruptBefore(_ id: PoolConnectionID) -> Signal {
        let interrupt = Signal()
        self.perform { state in state.interrupts[id.slot] = interrupt }
        return interrupt
    }

    // MARK: - The driver's work

    private func connect(_ id: PoolConnectionID, deadline: PoolInstant, _ interrupt: Signal) async {
        let context = PoolConnectContext(id: id, deadline: self.deadline(at: deadline))
        let result = await self.interruptible(id, by: interrupt) { try await self.driver.connect(context) }
        let random = Double.random(in: 0..<1)
        self.react { state, now in
            switch result {
            case .success(let handle):
                state.handles[id.slot] = handle
                return state.machine.dialSucceeded(id, now: now, random: random)
            case .failure(let error):
                return state.machine.dialFailed(id, error: error, now: now, random: random)
            }
        }
    }

    private func check(_ id: PoolConnectionID, deadline: PoolInstant, _ interrupt: Signal) async {
        guard let handle = self.perform({ state in state.handles[id.slot] }), let check = self.driver.check else {
            return
        }
        let limit = self.deadline(at: deadline)
        let result = await self.interruptible(id, by: interrupt) { try await check(handle, limit) }
        self.react { state, now in state.machine.checkFinished(id, error: result.failure, now: now) }
    }

    private func reset(_ id: PoolConnectionID, _ interrupt: Signal) async {
        guard let handle = self.perform({ state in state.handles[id.slot] }), let reset = self.driver.reset else {
            return
        }
        let result = await self.interruptible(id, by: interrupt) { try await reset(handle) }
        self.react { state, now in state.machine.resetFinished(id, error: result.failure, now: now) }
    }

    private func close(_ id: PoolConnectionID, _ interrupt: Signal) async {
        guard let handle = self.perform({ state in state.handles[id.slot] }) else {
            return
        }
        // A close that is interrupted counts as done: nothing more can be tried.
        _ = await self.interruptible(id, by: interrupt) { await self.driver.close(handle) }
        self.react { state, now in
            state.handles[id.slot] = nil
            return state.machine.closeFinished(id, now: now)
        }
    }

    private func deadline(at instant: PoolInstant) -> Deadline {
        .after(.nanoseconds(instant.nanoseconds(since: self.clock.now)))
    }

    /// Runs `work`, cancels it when the machine interrupts this connection, and waits for its end in any case, so that
    /// a connection opened at the last moment is not lost.
    private func interruptible<Success: Sendable>(
        _ id: PoolConnectionID,
        by interrupt: Signal,
        _ work: @escaping @Sendable () async throws -> Success
    ) async -> Result<Success, any Error> {
        let result = await withTaskGroup(of: Result<Success, any Error>?.self) { race in
            race.addTask {
                do {
                    return .success(try await work())
                } catch {
                    return .failure(error)
                }
            }
            race.addTask {
                await interrupt.wait()
                return nil
            }
            let first = await race.next() ?? nil
            race.cancelAll()
            if let first {
                return first
            }
            let late = await race.next() ?? nil
            if case .success? = late, let late {
                return late
            }
            return .failure(self.interrupted(cause: late?.failure))
        }
        self.perform { state in
            if state.interrupts[id.slot] === interrupt {
                state.interrupts[id.slot] = nil
            }
        }
        return result
    }

    private func interrupted(cause: (any Error)?) -> PoolError {
        PoolError(
            code: .operationTimeout,
            pool: self.identity.name,
            message: "the server did not answer in time",
            cause: cause is CancellationError ? nil : cause
        )
    }
}

extension Result {
    var failure: Failure? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }
}
