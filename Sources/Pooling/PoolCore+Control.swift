import Concurrency
import Logging

/// What operators and drivers ask for.
extension PoolCore {
    /// More connections than any server accepts are a slip of the finger.
    private static let largestSize = 10_000

    func resize(min: Int, max: Int) throws(PoolError) {
        guard (0...Self.largestSize).contains(min), (1...Self.largestSize).contains(max), min <= max else {
            throw PoolError(
                code: .invalidSize,
                pool: self.identity.name,
                message: "pool \(self.identity.name) cannot have sizes \(min) to \(max):"
                    + " 0 <= min <= max and 1 <= max <= \(Self.largestSize) must hold"
            )
        }
        self.react { state, now in
            while state.handles.count < max {
                state.handles.append(nil)
                state.interrupts.append(nil)
            }
            return state.machine.resize(min: min, max: max, now: now)
        }
        self.logger.info("Pool resized", metadata: ["pool.min_size": "\(min)", "pool.max_size": "\(max)"])
    }

    func suspend() {
        self.perform { state in state.machine.suspend() }
        self.logger.info("Pool suspended")
    }

    func resume() {
        self.react { state, now in state.machine.resume(now: now) }
        self.logger.info("Pool resumed")
    }

    func evict() {
        self.react { state, now in
            state.machine.evict(now: now)
            return PoolReaction()
        }
        self.logger.info("Pool connections evicted")
    }

    func drain(deadline: Deadline) async -> Bool {
        self.logger.info("Pool draining")
        let emptied = OneShot<Void>()
        self.react { state, now in
            state.drains.append(emptied)
            return state.machine.drain(now: now)
        }
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await emptied.value() }
            race.addTask {
                do {
                    try await self.clock.sleep(until: self.instant(of: deadline, now: self.clock.now))
                } catch {
                    // Cancelled: emptied in time, or the caller gives up waiting.
                }
                emptied.settle(())
            }
            await race.next()
            race.cancelAll()
        }
        return self.perform { state in
            state.drains.removeAll { $0 === emptied }
            return state.machine.isEmptied
        }
    }

    func discard(_ lease: Lease, error: (any Error)?) {
        self.giveBack(lease, .broken)
        if let error {
            self.logger.debug("Connection discarded", metadata: ["error": "\(error)"])
        }
    }

    func connectionFailed(_ id: PoolConnectionID, error: (any Error)?) {
        self.react { state, now in state.machine.connectionFailed(id, now: now) }
        self.logger.debug(
            "Connection found dead",
            metadata: ["pool.connection": "\(id)", "error": "\(error.map { "\($0)" } ?? "closed by the server")"]
        )
    }
}
