import Concurrency
import JSON
import TWSSimulator
import Testing

@testable import TWS

/// Takes what a mirror says, checks its order, and lets a test wait for a state.
private final class Observer: Sendable {
    private struct State {
        var changes: [PlanChange] = []
        var snapshot: PlanSnapshot?
        var waiters:
            [(condition: @Sendable (PlanSnapshot) -> Bool, continuation: CheckedContinuation<PlanSnapshot, Never>)] = []
    }

    private let state = Locked(State())

    var changes: [PlanChange] { self.state.withLock { $0.changes } }

    var replacements: Int {
        self.changes.count { change in
            if case .planReplaced = change.event { true } else { false }
        }
    }

    func take(_ change: PlanChange) {
        self.state.withLock { $0.changes.append(change) }
    }

    func take(_ snapshot: PlanSnapshot) {
        let ready = self.state.withLock { state in
            state.snapshot = snapshot
            let ready = state.waiters.filter { $0.condition(snapshot) }
            state.waiters.removeAll { $0.condition(snapshot) }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume(returning: snapshot) }
    }

    /// The first snapshot from now on that satisfies the condition; the suite's time limit bounds the wait.
    func snapshot(where condition: @escaping @Sendable (PlanSnapshot) -> Bool) async -> PlanSnapshot {
        await withCheckedContinuation { continuation in
            let present: PlanSnapshot? = self.state.withLock { state in
                if let snapshot = state.snapshot, condition(snapshot) { return snapshot }
                state.waiters.append((condition, continuation))
                return nil
            }
            if let present { continuation.resume(returning: present) }
        }
    }

    /// Jobs as somebody knows them who has nothing but the changes; nil when they contradict each other.
    func replayed(onto start: PlanJobIndex) -> [String: PlanJob]? {
        var jobs = Dictionary(uniqueKeysWithValues: start.all.map { ($0.id, $0) })
        for change in self.changes {
            switch change.event {
            case .job(.added, let job, _):
                guard jobs.updateValue(job, forKey: job.id) == nil else { return nil }
            case .job(.changed, let job, _):
                guard jobs.updateValue(job, forKey: job.id) != nil else { return nil }
            case .job(.removed, let job, _):
                guard jobs.removeValue(forKey: job.id) != nil else { return nil }
            case .planReplaced, .stream, .workstation: break
            }
        }
        return jobs
    }

    var offsets: [UInt64] {
        self.changes.compactMap { change in
            switch change.event {
            case .job, .planReplaced: change.offset
            case .stream, .workstation: nil
            }
        }
    }
}

extension PlanSnapshot {
    fileprivate func contains(exactly truth: [PlanJob]) -> Bool {
        truth.count == self.jobs.count && truth.allSatisfy { self.jobs[$0.id]?.isSame(as: $0) ?? false }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Mirroring an engine` {
    private func mirror(_ harness: EngineHarness, _ observer: Observer, time: ManualTime? = nil) -> PlanMirror {
        PlanMirror(
            client: harness.client,
            settings: MirrorSettings(harness.client.settings),
            epoch: "e1",
            timing: time?.timing ?? .system,
            logger: harness.logger,
            changes: observer.take,
            published: observer.take
        )
    }

    /// Runs the mirror while the body runs.
    private func running<Result: Sendable>(
        _ mirror: PlanMirror,
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    @Test func `a day is followed and the changes alone lead to the same plan`() async throws {
        try await EngineHarness.run { _, settings in
            settings.sweepInterval = .seconds(1)
        } body: { harness in
            let observer = Observer()
            let mirror = self.mirror(harness, observer)
            try await self.running(mirror) {
                let first = await observer.snapshot { $0.isLoaded && !$0.streams.isEmpty && !$0.workstations.isEmpty }
                #expect(first.offset == 1)
                #expect(first.streams.count == 40)
                for _ in 0..<24 {
                    await harness.simulator.advance(seconds: 1800)
                    let counts = try await harness.client.jobCounts(deadline: harness.deadline)
                    _ = await observer.snapshot { $0.jobs.countsByStatus == counts.statuses ?? [:] }
                }
                // Reasons for waiting come with a sweep.
                let truth = try await harness.client.jobs(deadline: harness.deadline)
                let last = await observer.snapshot { $0.offset > 100 && $0.contains(exactly: truth) }
                #expect(last.freshness.reason == nil)
                let fetchedAt = try #require(last.freshness.fetchedAt)
                #expect(!last.freshness.isStale(at: fetchedAt + 1000))
                let replayed = observer.replayed(onto: first.jobs)
                #expect(replayed?.mapValues(ObjectIdentifier.init) == self.identities(mirror.snapshot))
                #expect(observer.offsets == Array(1...UInt64(observer.offsets.count)))
                #expect(observer.changes.allSatisfy { $0.epoch == "e1" })
            }
        }
    }

    private func identities(_ snapshot: PlanSnapshot) -> [String: ObjectIdentifier] {
        Dictionary(uniqueKeysWithValues: snapshot.jobs.all.map { ($0.id, ObjectIdentifier($0)) })
    }

    @Test func `an action is seen without waiting for the next poll`() async throws {
        try await EngineHarness.run { _, settings in
            settings.pollInterval = .seconds(60)
        } body: { harness in
            let observer = Observer()
            let mirror = self.mirror(harness, observer)
            try await self.running(mirror) {
                _ = await observer.snapshot { $0.isLoaded && !$0.workstations.isEmpty }
                let id = try #require(try await harness.job(PlanStatus.waiting)?.id)
                _ = try await harness.client.perform(.job(id: id, .hold), deadline: harness.deadline)
                mirror.follow(jobID: id)
                await harness.simulator.advance(seconds: 5)
                _ = await observer.snapshot { $0.jobs[id]?.status == PlanStatus.held }
                let held = observer.changes.contains { change in
                    if case .job(.changed, let job, let previous) = change.event {
                        job.id == id && previous?.status == PlanStatus.waiting
                    } else {
                        false
                    }
                }
                #expect(held)
            }
        }
    }

    @Test func `a poller that is started again goes on where it was`() async throws {
        try await EngineHarness.run { _, settings in
            settings.sweepInterval = .seconds(1)
        } body: { harness in
            let observer = Observer()
            let mirror = self.mirror(harness, observer)
            let first = try await self.running(mirror) { await observer.snapshot { $0.isLoaded } }
            for _ in 0..<4 {
                await harness.simulator.advance(seconds: 2 * 3600)
                let counts = try await harness.client.jobCounts(deadline: harness.deadline)
                try await self.running(mirror) {
                    _ = await observer.snapshot { $0.jobs.countsByStatus == counts.statuses ?? [:] }
                }
            }
            #expect(observer.replacements == 1)
            let truth = try await harness.client.jobs(deadline: harness.deadline)
            try await self.running(mirror) {
                _ = await observer.snapshot { $0.contains(exactly: truth) }
            }
            let replayed = observer.replayed(onto: first.jobs)
            #expect(replayed?.mapValues(ObjectIdentifier.init) == self.identities(mirror.snapshot))
            #expect(observer.offsets == Array(1...UInt64(observer.offsets.count)))
        }
    }

    /// Lets the mirror poll until its snapshot satisfies the condition; between two polls it sleeps, and nothing moves.
    private func poll(
        _ mirror: PlanMirror,
        _ time: ManualTime,
        until condition: (PlanSnapshot) -> Bool
    ) async -> PlanSnapshot {
        await time.untilSomebodySleeps()
        while !condition(mirror.snapshot) {
            time.advance(by: mirror.client.settings.pollInterval)
            await time.untilSomebodySleeps()
        }
        return mirror.snapshot
    }

    @Test func `a new plan day is one event`() async throws {
        try await EngineHarness.run { configuration, _ in
            configuration.plan.rollover = true
        } body: { harness in
            await harness.simulator.advance(seconds: 23 * 3600)
            let observer = Observer()
            let time = ManualTime()
            let mirror = self.mirror(harness, observer, time: time)
            try await self.running(mirror) {
                let old = await self.poll(mirror, time) { $0.isLoaded }
                // Into the new day while its rows are still growing, then to its end.
                await harness.simulator.advance(seconds: 3600 + 10)
                _ = await self.poll(mirror, time) { $0.freshness.reason != nil }
                await harness.simulator.advance(seconds: 120)
                let counts = try await harness.client.jobCounts(deadline: harness.deadline)
                let new = await self.poll(mirror, time) { snapshot in
                    snapshot.freshness.reason == nil && snapshot.jobs.countsByStatus == counts.statuses ?? [:]
                }
                #expect(old.jobs.count != new.jobs.count || old.version != new.version)
                #expect(observer.replacements == 2)
                let removed = observer.changes.count { change in
                    if case .job(.removed, _, _) = change.event { true } else { false }
                }
                #expect(removed < 20)
                let truth = try await harness.client.jobs(deadline: harness.deadline)
                #expect(new.contains(exactly: truth))
            }
        }
    }

    @Test func `an engine that refuses to count is followed all the same`() async throws {
        try await EngineHarness.run { harness in
            try await harness.fail("status", match: ["path": "/plan/job/count"], parameters: ["code": 403])
            let observer = Observer()
            let time = ManualTime()
            let mirror = self.mirror(harness, observer, time: time)
            try await self.running(mirror) {
                let before = await self.poll(mirror, time) { $0.isLoaded }
                let id = try #require(before.jobs.withStatus(PlanStatus.waiting).first?.id)
                try harness.simulator.force(job: id, status: .abend, returnCode: 3)
                let after = await self.poll(mirror, time) { $0.jobs[id]?.status == PlanStatus.error }
                #expect(after.freshness.reason?.contains("count jobs") == true)
                #expect(after.freshness.isStale())
            }
        }
    }

    @Test func `an outage keeps the last state, says so, and is caught up with`() async throws {
        try await EngineHarness.run { _, settings in
            settings.retry.attempts = 1
            settings.breaker.openTime = .milliseconds(50)
            settings.breaker.maximumOpenTime = .milliseconds(50)
        } body: { harness in
            let observer = Observer()
            let mirror = self.mirror(harness, observer)
            try await self.running(mirror) {
                let before = await observer.snapshot { $0.isLoaded }
                try await harness.fail("status", parameters: ["code": 500])
                let during = await observer.snapshot { $0.freshness.reason != nil }
                #expect(during.jobs.count == before.jobs.count)
                #expect(during.freshness.isStale())
                #expect(during.freshness.fetchedAt != nil)
                await harness.simulator.advance(seconds: 4 * 3600)
                await harness.heal()
                let after = await observer.snapshot { $0.freshness.reason == nil && $0.offset > before.offset }
                #expect(after.freshness.reason == nil)
                let counts = try await harness.client.jobCounts(deadline: harness.deadline)
                _ = await observer.snapshot { $0.jobs.countsByStatus == counts.statuses ?? [:] }
                #expect(observer.replacements == 1)
                #expect(observer.offsets == Array(1...UInt64(observer.offsets.count)))
            }
        }
    }
}
