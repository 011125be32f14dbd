import CEpoll
import Concurrency
import Glibc
import Synchronization

/// One epoll thread that watches descriptors, keeps timers and is a Swift executor.
///
/// An actor whose `unownedExecutor` is a reactor runs on its thread; a handler of a descriptor or a timer runs there too
/// and enters that actor with `assumeIsolated`, so that a C library's handle needs no lock. Nothing on this thread may
/// block. All functions may be called from any thread. The thread keeps the reactor alive until `stop()`.
package final class Reactor: SerialExecutor, TaskExecutor, Sendable {
    package typealias EventHandler = @Sendable (ReactorEvents) -> Void
    package typealias TimerHandler = @Sendable () -> Void

    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Timer {
        let deadline: ContinuousClock.Instant
        let handler: TimerHandler
    }

    private static let eventsPerTurn = 256

    package let name: String
    private let epoll: CInt
    private let wakeUp: CInt
    private let stateMachine = Locked(ReactorStateMachine<Work, Timer>())
    private let descriptors = Locked(DescriptorTable<EventHandler>())
    private let statisticsSoFar = Locked(ReactorStatistics())
    private let joinableThread = Locked<pthread_t?>(nil)
    /// The thread that runs work now, 0 for none.
    private let runningThread = Atomic<UInt>(0)

    /// Opens the descriptors it needs; runs nothing before `start()`.
    package init(name: String) throws(ReactorError) {
        let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .system("epoll_create1", errno: errno) }
        let wakeUp = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else {
            let code = errno
            close(epoll)
            throw .system("eventfd", errno: code)
        }
        self.name = name
        self.epoll = epoll
        self.wakeUp = wakeUp

        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.wakeUpToken))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0 else { throw .system("epoll_ctl", errno: errno) }
    }

    deinit {
        close(self.wakeUp)
        close(self.epoll)
    }

    /// Starts the thread; a second call does nothing.
    package func start() throws(ReactorError) {
        guard self.stateMachine.withLock({ $0.startRequested() }) == .startThread else { return }
        let thread = try SystemThread.start(name: self.name) { self.loop() }
        self.joinableThread.withLock { $0 = thread }
    }

    /// Runs what is queued, ends the thread and waits for its end, unless called on it.
    ///
    /// Timers that are left never fire and descriptors are not watched any more, so that users must be closed before.
    /// Work submitted later still runs, on a thread of its own, because a task whose job is dropped would wait for ever.
    package func stop() {
        switch self.stateMachine.withLock({ $0.stopRequested() }) {
        case .none: break
        case .wake: self.writeWakeUp()
        case .startLateThread: self.startLateThread()
        }
        let thread = self.joinableThread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let thread {
            if self.isCurrent { SystemThread.detach(thread) } else { SystemThread.join(thread) }
        }
        _ = self.stateMachine.withLock { $0.takeTimersAfterStop() }
    }

    package var statistics: ReactorStatistics {
        var statistics = self.statisticsSoFar.withLock { $0 }
        statistics.descriptors = self.descriptors.withLock { $0.count }
        (statistics.pendingTimers, statistics.pendingWork) = self.stateMachine.withLock {
            ($0.timerCount, $0.workCount)
        }
        return statistics
    }

    /// Runs `body` on the reactor's thread, after what was submitted before.
    package func submit(_ body: @escaping @Sendable () -> Void) {
        self.submit(.closure(body))
    }

    private func submit(_ work: Work) {
        switch self.stateMachine.withLock({ $0.workSubmitted(work) }) {
        case .none: break
        case .wake: self.writeWakeUp()
        case .startLateThread: self.startLateThread()
        }
    }
}

// MARK: - Timers

extension Reactor {
    /// Runs `handler` on the reactor's thread once `deadline` has come, at most about a millisecond late when it is idle.
    @discardableResult
    package func schedule(at deadline: ContinuousClock.Instant, handler: @escaping TimerHandler) -> TimerID {
        let timer = Timer(deadline: deadline, handler: handler)
        let (id, action) = self.stateMachine.withLock { $0.timerScheduled(timer, at: deadline) }
        if action == .wake { self.writeWakeUp() }
        return id
    }

    @discardableResult
    package func schedule(after delay: Duration, handler: @escaping TimerHandler) -> TimerID {
        self.schedule(at: ContinuousClock.now.advanced(by: delay), handler: handler)
    }

    /// Costs O(log n); called on the reactor's thread it guarantees that the handler does not run any more.
    ///
    /// - Returns: false when the timer had fired or been cancelled before.
    @discardableResult
    package func cancel(_ timer: TimerID) -> Bool {
        self.stateMachine.withLock { $0.timerCancelled(timer) } != nil
    }
}

// MARK: - Descriptors

extension Reactor {
    /// Watches a descriptor, level-triggered; the caller keeps owning it and deregisters it before closing it.
    ///
    /// - Throws: `alreadyRegistered`, or `system` when epoll refuses it (a regular file, too many descriptors).
    package func register(
        _ descriptor: CInt,
        _ interest: ReactorEvents,
        handler: @escaping EventHandler
    ) throws(ReactorError) -> ReactorRegistration {
        guard let registration = self.descriptors.withLock({ $0.insert(descriptor, handler: handler) }) else {
            throw ReactorError(.alreadyRegistered, "descriptor \(descriptor) is registered already")
        }
        do throws(ReactorError) {
            try self.control(EPOLL_CTL_ADD, registration, interest)
        } catch {
            _ = self.descriptors.withLock { $0.remove(registration) }
            throw error
        }
        return registration
    }

    /// Changes what the descriptor is watched for; an empty set leaves hang-ups and errors.
    package func modify(_ registration: ReactorRegistration, _ interest: ReactorEvents) throws(ReactorError) {
        guard self.descriptors.withLock({ $0.handler(of: registration) != nil }) else {
            throw ReactorError(.notRegistered, "descriptor \(registration.descriptor) is not registered any more")
        }
        try self.control(EPOLL_CTL_MOD, registration, interest)
    }

    /// Ends a registration; a stale one is ignored.
    ///
    /// Called on the reactor's thread it guarantees that the handler is not called any more, also not for an event that
    /// the running turn has received already.
    package func deregister(_ registration: ReactorRegistration) {
        guard self.descriptors.withLock({ $0.remove(registration) }) != nil else { return }
        // Fails only for a descriptor closed too early, which epoll has forgotten by itself.
        epoll_ctl(self.epoll, EPOLL_CTL_DEL, registration.descriptor, nil)
    }

    private func control(
        _ operation: CInt,
        _ registration: ReactorRegistration,
        _ interest: ReactorEvents
    ) throws(ReactorError) {
        var event = epoll_event(events: interest.epollMask, data: epoll_data_t(u64: registration.token))
        guard epoll_ctl(self.epoll, operation, registration.descriptor, &event) == 0 else {
            throw .system("epoll_ctl of descriptor \(registration.descriptor)", errno: errno)
        }
    }
}

// MARK: - Executor

extension Reactor {
    package func enqueue(_ job: consuming ExecutorJob) {
        self.submit(.job(UnownedJob(job)))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Whether the caller is on the reactor's thread.
    package var isCurrent: Bool { self.runningThread.load(ordering: .relaxed) == SystemThread.current }

    package func isIsolatingCurrentContext() -> Bool? { self.isCurrent }

    /// Lets handlers, which are not jobs of a task, enter actors of this reactor with `assumeIsolated`.
    package func checkIsolated() {
        precondition(self.isCurrent, "not on the thread of reactor \(self.name)")
    }
}

// MARK: - Loop

extension Reactor {
    /// No descriptor is negative, so that this can be no registration's token.
    private static var wakeUpToken: UInt64 { .max }

    private func loop() {
        self.runningThread.store(SystemThread.current, ordering: .relaxed)
        defer { self.runningThread.store(0, ordering: .relaxed) }

        var events = [epoll_event](repeating: epoll_event(), count: Self.eventsPerTurn)
        var batch: [Work] = []
        while true {
            let timeout: CInt
            switch self.stateMachine.withLock({ $0.turnEnded() }) {
            case .exit: return
            case .poll: timeout = 0
            case .wait(until: nil): timeout = -1
            case .wait(until: let instant?): timeout = Self.milliseconds(until: instant)
            }
            let count = epoll_wait(self.epoll, &events, CInt(events.count), timeout)
            // The only error a valid set of arguments leaves.
            precondition(count >= 0 || errno == EINTR, "epoll_wait failed with error \(errno)")
            self.turn(events[..<Int(max(0, count))], batch: &batch)
        }
    }

    private func turn(_ events: ArraySlice<epoll_event>, batch: inout [Work]) {
        let began = ContinuousClock.now
        let bound = self.stateMachine.withLock { $0.turnBegan(exchanging: &batch) }
        var lag: Duration?
        var timers: UInt64 = 0
        while let timer = self.stateMachine.withLock({ $0.takeDueTimer(at: began, insertedBefore: bound) }) {
            lag = timer.deadline.duration(to: began)
            timers += 1
            timer.handler()
        }
        for event in events {
            self.dispatch(event)
        }
        let work = UInt64(batch.count)
        for item in batch {
            self.run(item)
        }
        batch.removeAll(keepingCapacity: true)

        let turn = began.duration(to: .now)
        self.statisticsSoFar.withLock { [timers, lag] in
            $0.turns += 1
            $0.work += work
            $0.events += UInt64(events.count)
            $0.timers += timers
            $0.lastTurn = turn
            $0.longestTurn = max($0.longestTurn, turn)
            if let lag { $0.lastTimerLag = lag }
        }
    }

    private func dispatch(_ event: epoll_event) {
        guard event.data.u64 != Self.wakeUpToken else {
            var value: UInt64 = 0
            read(self.wakeUp, &value, MemoryLayout<UInt64>.size)
            return
        }
        let registration = ReactorRegistration(token: event.data.u64)
        // Nil when an earlier handler of this turn deregistered it.
        let handler = self.descriptors.withLock { $0.handler(of: registration) }
        handler?(ReactorEvents(epollMask: event.events))
    }

    private func run(_ work: Work) {
        switch work {
        case .job(let job):
            job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(),
                taskExecutor: self.asUnownedTaskExecutor()
            )
        case .closure(let body):
            body()
        }
    }

    private func writeWakeUp() {
        self.statisticsSoFar.withLock { $0.wakeUps += 1 }
        var one: UInt64 = 1
        // Can only fail when the counter is full, and then the thread is awake.
        write(self.wakeUp, &one, MemoryLayout<UInt64>.size)
    }

    private func startLateThread() {
        let run: @Sendable () -> Void = {
            self.runningThread.store(SystemThread.current, ordering: .relaxed)
            while let batch = self.stateMachine.withLock({ $0.takeLate() }) {
                for item in batch { self.run(item) }
            }
        }
        do throws(ReactorError) {
            SystemThread.detach(try SystemThread.start(name: self.name, body: run))
        } catch {
            // No thread to be had: the caller's own is the only one left to finish with.
            run()
        }
    }

    /// Rounded up, because waking too early would only mean waiting again.
    private static func milliseconds(until instant: ContinuousClock.Instant) -> CInt {
        let remaining = ContinuousClock.now.duration(to: instant)
        guard remaining > .zero else { return 0 }
        let (seconds, attoseconds) = remaining.components
        guard seconds < 3600 else { return 3_600_000 }
        return CInt(seconds) * 1000 + CInt((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
