import Concurrency
import Logging
import Metrics
import Resilience
import ServiceLifecycle

/// Keeps a copy of one engine's plan and tells what changes in it.
///
/// One task reads, one step at a time, so that what is read later is newer. What has been read survives the task: after
/// `run()` has ended and is called again, changes are found by comparison with what was known, and offsets go on.
/// ``changes`` are delivered in order from that task; a snapshot is published after the changes that led to it, so that
/// who subscribes from a snapshot's offset misses nothing.
package final class PlanMirror: Service, Sendable {
    package let client: TWSClient
    private let state: Locked<State>
    private let published: Locked<PlanSnapshot>
    private let sink: @Sendable (PlanChange) -> Void
    private let observer: @Sendable (PlanSnapshot) -> Void
    private let timing: Timing
    private let wallClock: @Sendable () -> Int64
    private let logger: Logger
    private let wakeUp = WakeUp()
    private let epoch: String

    private struct State: Sendable {
        var machine: MirrorStateMachine
        var offset: UInt64 = 0
        var confirmations: UInt64 = 0
        var fetchedAt: Int64?
    }

    /// `epoch` distinguishes the offsets of this process from those of any other.
    ///
    /// `changes` is called for one change at a time and `published` after each new snapshot, also when only its freshness
    /// is new. Neither must block: the mirror waits for them.
    package convenience init(
        client: TWSClient,
        epoch: String,
        timing: Timing = .system,
        logger: Logger,
        changes: @escaping @Sendable (PlanChange) -> Void,
        published: @escaping @Sendable (PlanSnapshot) -> Void = { _ in }
    ) {
        self.init(
            client: client,
            settings: MirrorSettings(client.settings),
            epoch: epoch,
            timing: timing,
            logger: logger,
            changes: changes,
            published: published
        )
    }

    init(
        client: TWSClient,
        settings: MirrorSettings,
        epoch: String,
        timing: Timing,
        wallClock: @escaping @Sendable () -> Int64 = EngineClock.systemMilliseconds,
        logger: Logger,
        changes: @escaping @Sendable (PlanChange) -> Void,
        published: @escaping @Sendable (PlanSnapshot) -> Void = { _ in }
    ) {
        self.client = client
        self.epoch = epoch
        self.timing = timing
        self.wallClock = wallClock
        self.logger = logger
        self.sink = changes
        self.observer = published
        let machine = MirrorStateMachine(settings: settings, now: timing.now())
        self.published = Locked(Self.snapshot(of: machine, client: client, epoch: epoch, offset: 0, fetchedAt: nil))
        self.state = Locked(State(machine: machine))
    }

    /// The plan as last published; taking it costs a few reference counts.
    package var snapshot: PlanSnapshot { self.published.withLock { $0 } }

    /// Looks at a job until it changes, because somebody has just acted upon it or created it; a minute at most.
    package func follow(jobID: String) {
        let now = self.timing.now()
        self.state.withLock { $0.machine.follow(jobID, now: now) }
        self.wakeUp.signal()
    }

    /// Reads until cancelled or shut down gracefully.
    ///
    /// Must not run twice at once.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var sweep: SweepReader?
            while !Task.isCancelled {
                do {
                    try await self.step(&sweep)
                } catch {
                    // Cancelled: nothing else comes out of a step.
                    return
                }
            }
        }
    }

    /// Where the pager of a sweep lives between two pages; a new task begins its sweep anew.
    struct SweepReader: ~Copyable {
        var pager: TWSPager<PlanJob>
    }

    private func step(_ sweep: inout SweepReader?) async throws {
        let now = self.timing.now()
        let engineNow = self.client.clock.milliseconds
        let isReading = sweep != nil
        let step = self.state.withLock { state in
            let step = state.machine.next(now: now, engineNow: engineNow)
            // The page to go on with was lost with the task that had it.
            guard step == .sweepPage(isFirst: false), !isReading else { return step }
            state.machine.restartSweep()
            return .sweepPage(isFirst: true)
        }
        if case .wait(let until) = step {
            try await self.wakeUp.wait(for: now.duration(to: until), sleep: self.timing.sleep)
            return
        }
        do {
            self.apply(try await MirrorReading.read(step, from: self.client, &sweep))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            self.failed(step, error)
        }
    }

    private func apply(_ reading: MirrorReading) {
        let now = self.timing.now()
        let engineNow = self.client.clock.milliseconds
        let wallNow = self.wallClock()
        let epoch = self.epoch
        let client = self.client
        let (changes, snapshot) = self.state.withLock { state in
            let before = (state.machine.content.version, state.machine.reason)
            let events = reading.apply(to: &state.machine, now: now, engineNow: engineNow)
            let changes = events.map { event in
                if event.isCounted { state.offset += 1 }
                return PlanChange(epoch: epoch, offset: state.offset, time: engineNow, event: event)
            }
            let isConfirmed = state.confirmations != state.machine.confirmations
            if isConfirmed {
                state.confirmations = state.machine.confirmations
                state.fetchedAt = wallNow
            }
            let isSame = before == (state.machine.content.version, state.machine.reason) && !isConfirmed
            let snapshot: PlanSnapshot? =
                isSame
                ? nil
                : Self.snapshot(
                    of: state.machine,
                    client: client,
                    epoch: epoch,
                    offset: state.offset,
                    fetchedAt: state.fetchedAt
                )
            return (changes, snapshot)
        }
        for change in changes {
            if case .planReplaced(let reason) = change.event { self.logReplacement(reason) }
            self.sink(change)
        }
        if let snapshot { self.publish(snapshot) }
    }

    private func publish(_ snapshot: PlanSnapshot) {
        self.published.withLock { $0 = snapshot }
        self.observer(snapshot)
    }

    private func failed(_ step: MirrorStateMachine.Step, _ error: any Error) {
        let now = self.timing.now()
        let failure = error as? TWSError
        let message = failure?.description ?? "\(error)"
        let (client, epoch) = (self.client, self.epoch)
        let snapshot = self.state.withLock { state in
            state.machine.failed(
                step,
                message,
                retryAfter: failure?.retryAfter,
                isPermanent: failure?.isLasting ?? false,
                now: now
            )
            return Self.snapshot(
                of: state.machine,
                client: client,
                epoch: epoch,
                offset: state.offset,
                fetchedAt: state.fetchedAt
            )
        }
        self.publish(snapshot)
        Counter(label: "resync_plan_mirror_failures_total", dimensions: [("engine", client.settings.name)]).increment()
        self.logger.warning(
            "Plan mirror could not read the engine",
            metadata: ["tws.engine": "\(client.settings.name)", "error": "\(message)"]
        )
    }

    private func logReplacement(_ reason: String) {
        self.logger.notice(
            "Plan mirror has a new plan",
            metadata: ["tws.engine": "\(self.client.settings.name)", "plan.reason": "\(reason)"]
        )
    }

    private static func snapshot(
        of machine: MirrorStateMachine,
        client: TWSClient,
        epoch: String,
        offset: UInt64,
        fetchedAt: Int64?
    ) -> PlanSnapshot {
        PlanSnapshot(
            engine: client.settings.name,
            version: machine.content.version,
            epoch: epoch,
            offset: offset,
            planID: machine.content.planID,
            jobs: machine.content.jobs,
            history: machine.content.history,
            streams: machine.content.streams,
            workstations: machine.content.workstations,
            freshness: PlanFreshness(
                fetchedAt: fetchedAt,
                reason: machine.reason,
                staleAfter: machine.settings.staleAfter
            )
        )
    }
}

extension PlanChange.Event {
    /// Whether it belongs to the sequence that offsets count.
    fileprivate var isCounted: Bool {
        switch self {
        case .job, .planReplaced: true
        case .stream, .workstation: false
        }
    }
}
