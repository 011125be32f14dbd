/// Decides when a reactor sleeps, for how long, who wakes it, and what becomes of work that comes after its end.
///
/// Generic over what is queued and what a timer carries, so that tests use plain values.
struct ReactorStateMachine<Work, Timer> {
    private enum Phase {
        /// No thread yet; may become awake or stopped.
        case prepared
        /// The thread is running work; may become asleep or stopping.
        case awake
        /// The thread is in `epoll_wait` or about to enter it; may become awake or stopping.
        case asleep
        /// The thread finishes what is queued; becomes stopped.
        case stopping
        /// No thread: late work is run by a thread that lives only as long as there is some.
        case stopped(hasLateThread: Bool)
    }

    enum SubmitAction: Equatable {
        case none
        /// The caller writes to the eventfd.
        case wake
        /// The caller starts a thread that runs `takeLate()` until it returns nil.
        case startLateThread
    }

    enum WaitAction: Equatable {
        /// Nothing to do before `until`; nil: until something happens.
        case wait(until: ContinuousClock.Instant?)
        case poll
        case exit
    }

    enum StartAction: Equatable {
        case startThread
        /// Started already, or stopped.
        case none
    }

    enum StopAction: Equatable {
        case none
        case wake
        /// The thread never ran: what was queued goes to a late thread.
        case startLateThread
    }

    private var phase = Phase.prepared
    private var work: [Work] = []
    private var timers = DeadlineHeap<Timer>()

    var timerCount: Int { self.timers.count }
    var workCount: Int { self.work.count }

    mutating func startRequested() -> StartAction {
        guard case .prepared = self.phase else { return .none }
        self.phase = .awake
        return .startThread
    }

    mutating func workSubmitted(_ item: Work) -> SubmitAction {
        self.work.append(item)
        return self.wakeIfAsleep()
    }

    mutating func timerScheduled(_ timer: Timer, at deadline: ContinuousClock.Instant) -> (TimerID, SubmitAction) {
        let wasEarliest = self.timers.earliest.map { deadline < $0 } ?? true
        let id = self.timers.insert(timer, at: deadline)
        guard wasEarliest, case .asleep = self.phase else { return (id, .none) }
        return (id, self.wakeIfAsleep())
    }

    mutating func timerCancelled(_ id: TimerID) -> Timer? {
        self.timers.cancel(id)
    }

    /// The thread returned from waiting: everything queued so far is its, in exchange for an empty array to fill.
    ///
    /// - Returns: the bound for `takeDueTimer`, so that timers set by this turn wait for the next one.
    mutating func turnBegan(exchanging batch: inout [Work]) -> UInt64 {
        if case .asleep = self.phase { self.phase = .awake }
        swap(&self.work, &batch)
        return self.timers.nextSequence
    }

    mutating func takeDueTimer(at now: ContinuousClock.Instant, insertedBefore sequence: UInt64) -> Timer? {
        self.timers.takeDue(at: now, insertedBefore: sequence)
    }

    mutating func turnEnded() -> WaitAction {
        guard self.work.isEmpty else { return .poll }
        switch self.phase {
        case .awake, .asleep, .prepared:
            self.phase = .asleep
            return .wait(until: self.timers.earliest)
        case .stopping:
            self.phase = .stopped(hasLateThread: false)
            return .exit
        case .stopped:
            return .exit
        }
    }

    mutating func stopRequested() -> StopAction {
        switch self.phase {
        case .prepared:
            self.phase = .stopped(hasLateThread: !self.work.isEmpty)
            return self.work.isEmpty ? .none : .startLateThread
        case .awake:
            self.phase = .stopping
            return .none
        case .asleep:
            self.phase = .stopping
            return .wake
        case .stopping, .stopped:
            return .none
        }
    }

    /// Timers never fire after the end; the caller releases them.
    mutating func takeTimersAfterStop() -> [Timer] {
        self.timers.removeAll()
    }

    mutating func takeLate() -> [Work]? {
        guard self.work.isEmpty else {
            var batch: [Work] = []
            swap(&self.work, &batch)
            return batch
        }
        self.phase = .stopped(hasLateThread: false)
        return nil
    }

    private mutating func wakeIfAsleep() -> SubmitAction {
        switch self.phase {
        case .asleep:
            self.phase = .awake
            return .wake
        case .stopped(hasLateThread: false):
            self.phase = .stopped(hasLateThread: true)
            return .startLateThread
        case .prepared, .awake, .stopping, .stopped:
            return .none
        }
    }
}
