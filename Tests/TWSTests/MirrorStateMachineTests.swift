import TestSupport
import Testing

@testable import TWS

/// Drives the state machine against a model, with a copy kept by events alone.
private struct MirrorRun {
    var plan: ModelPlan
    var machine: MirrorStateMachine
    var copy: [String: PlanJob] = [:]
    var now = ContinuousClock.now
    var engineNow: Int64 = 1_768_456_320_000
    var sweepOffset = 0
    var replacements = 0
    var events = 0
    var reads = 0
    var sweeps = 0
    var refusals = 0

    init(jobs: Int, settings change: (inout MirrorSettings) -> Void = { _ in }) {
        self.plan = ModelPlan(jobs: jobs)
        var settings = MirrorSettings()
        settings.pageSize = 20
        settings.sweepInterval = .seconds(300)
        change(&settings)
        self.machine = MirrorStateMachine(settings: settings, now: self.now)
    }

    mutating func pass(_ duration: Duration) {
        self.now = self.now.advanced(by: duration)
        self.engineNow += Int64(duration / .milliseconds(1))
    }

    /// One step; false when there is nothing to do before `limit`.
    mutating func step(until limit: ContinuousClock.Instant) -> Bool {
        let step = self.machine.next(now: self.now, engineNow: self.engineNow)
        if case .wait(let until) = step {
            guard until < limit else {
                self.pass(self.now.duration(to: limit))
                return false
            }
            self.pass(max(.milliseconds(1), self.now.duration(to: until)))
            return true
        }
        if step == .sweepPage(isFirst: true) { self.sweeps += 1 }
        self.pass(.milliseconds(20))
        self.reads += 1
        let reading = self.plan.answer(
            step,
            engineNow: self.engineNow,
            sweepOffset: &self.sweepOffset,
            pageSize: self.machine.settings.pageSize
        )
        self.take(reading.apply(to: &self.machine, now: self.now, engineNow: self.engineNow))
        return true
    }

    mutating func run(for duration: Duration, _ between: (inout Self) -> Void = { _ in }) {
        let limit = self.now.advanced(by: duration)
        while self.now < limit, self.step(until: limit) { between(&self) }
    }

    /// Like ``run(for:_:)`` with an engine that refuses the steps named, for good.
    mutating func run(for duration: Duration, refusing isRefused: (MirrorStateMachine.Step) -> Bool) {
        let limit = self.now.advanced(by: duration)
        while self.now < limit {
            if isRefused(self.machine.next(now: self.now, engineNow: self.engineNow)) {
                self.refusals += 1
                self.pass(.milliseconds(20))
                self.fail("refused", isPermanent: true)
            } else {
                _ = self.step(until: limit)
            }
        }
    }

    /// The step that is due now fails.
    mutating func fail(_ message: String, retryAfter: Duration? = nil, isPermanent: Bool = false) {
        let step = self.machine.next(now: self.now, engineNow: self.engineNow)
        if case .wait = step { return }
        self.machine.failed(step, message, retryAfter: retryAfter, isPermanent: isPermanent, now: self.now)
    }

    /// What a client does that knows only events.
    private mutating func take(_ events: PlanContent.Events) {
        self.events += events.count
        for event in events {
            switch event {
            case .job(.added, let job, let previous):
                #expect(self.copy[job.id] == nil && previous == nil)
                self.copy[job.id] = job
            case .job(.changed, let job, let previous):
                #expect(self.copy[job.id] === previous && previous != nil)
                self.copy[job.id] = job
            case .job(.removed, let job, _):
                #expect(self.copy[job.id] === job)
                self.copy[job.id] = nil
            case .planReplaced:
                self.replacements += 1
                self.copy = Dictionary(uniqueKeysWithValues: self.machine.content.jobs.all.map { ($0.id, $0) })
            case .stream, .workstation: break
            }
        }
    }

    var copyEqualsContent: Bool {
        self.copy.count == self.machine.content.jobs.count
            && self.copy.allSatisfy { self.machine.content.jobs[$0.key] === $0.value }
    }

    var contentEqualsPlan: Bool {
        self.machine.content.jobs.count == self.plan.rows.count
            && self.plan.rows.allSatisfy { job in
                self.machine.content.jobs[job.id]?.isSame(as: job.row(planID: self.plan.planID, changedAt: 0)) ?? false
            }
    }

    var indexesAgree: Bool {
        let jobs = self.machine.content.jobs
        let byStatus = Dictionary(grouping: jobs.all, by: \.status)
        return jobs.countsByStatus == byStatus.mapValues(\.count)
            && byStatus.allSatisfy { Set($0.value.map(\.id)) == Set(jobs.withStatus($0.key).map(\.id)) }
            && Set(jobs.critical.keys) == Set(jobs.all.filter(\.critical).map(\.id))
            && Set(jobs.timed.keys) == Set(jobs.all.filter { $0.deadlineAt != nil }.map(\.id))
            && Dictionary(grouping: jobs.all, by: \.stream).allSatisfy { jobs.inStream($0.key).count == $0.value.count }
    }
}

@Suite struct `Decisions of the plan mirror` {
    @Test func `the first reading is one event`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(5))
        #expect(run.events == 1)
        #expect(run.replacements == 1)
        #expect(run.contentEqualsPlan)
        #expect(run.machine.reason == nil)
    }

    @Test func `a quiet plan causes no event and few reads`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(5))
        (run.events, run.reads) = (0, 0)
        run.run(for: .seconds(250))
        #expect(run.events == 0)
        // 25 polls of delta and counts, workstations each third.
        #expect(run.reads <= 62)
    }

    @Test func `starts and ends are seen at the next poll`() throws {
        var run = MirrorRun(jobs: 50)
        run.run(for: .seconds(5))
        let id = try #require(run.plan.jobs.keys.min())
        for status in [PlanStatus.ready, PlanStatus.running, PlanStatus.successful] {
            run.plan.jobs[id]?.status = status
            if status == PlanStatus.running { run.plan.jobs[id]?.startedAt = run.engineNow }
            if status == PlanStatus.successful { run.plan.jobs[id]?.endedAt = run.engineNow }
            run.run(for: .seconds(11))
            #expect(run.machine.content.jobs[id]?.status == status)
        }
        #expect(run.sweeps == 1)
        #expect(run.events == 4)
    }

    @Test func `a start and an end between two polls are not lost`() throws {
        var run = MirrorRun(jobs: 50)
        run.run(for: .seconds(5))
        let id = try #require(run.plan.jobs.keys.min())
        run.plan.jobs[id]?.status = PlanStatus.error
        run.plan.jobs[id]?.startedAt = run.engineNow
        run.plan.jobs[id]?.endedAt = run.engineNow + 1
        run.run(for: .seconds(11))
        #expect(run.machine.content.jobs[id]?.status == PlanStatus.error)
    }

    @Test func `what counts reveal is read without a sweep when it is little`() throws {
        var run = MirrorRun(jobs: 500) { $0.pageSize = 20 }
        run.run(for: .seconds(20))
        let id = try #require(run.plan.jobs.keys.min())
        run.plan.jobs[id]?.status = PlanStatus.held
        run.run(for: .seconds(11))
        #expect(run.machine.content.jobs[id]?.status == PlanStatus.held)
        run.plan.jobs[id]?.status = PlanStatus.waiting
        run.run(for: .seconds(11))
        #expect(run.machine.content.jobs[id]?.status == PlanStatus.waiting)
        #expect(run.sweeps == 1)
    }

    @Test func `a submitted job brings the sweep forward and a vanished one is confirmed before it is removed`() {
        var run = MirrorRun(jobs: 200)
        run.run(for: .seconds(60))
        run.plan.add()
        run.run(for: .seconds(70))
        #expect(run.contentEqualsPlan)
        if let id = run.plan.jobs.keys.min() { run.plan.jobs[id] = nil }
        run.run(for: .seconds(70))
        #expect(run.contentEqualsPlan)
        #expect(run.sweeps == 3)
    }

    @Test func `sweeps that counts demand cost a tenth of the time at most`() {
        var run = MirrorRun(jobs: 2000) { $0.pageSize = 100 }
        run.run(for: .seconds(10))
        run.run(for: .seconds(290)) { run in
            // Each poll finds another number of jobs.
            run.plan.add()
        }
        #expect(run.sweeps <= 7)
    }

    @Test func `a job acted upon is read each second until it changes`() throws {
        var run = MirrorRun(jobs: 500)
        run.run(for: .seconds(15))
        let id = try #require(run.plan.jobs.keys.min())
        run.machine.follow(id, now: run.now)
        run.run(for: .milliseconds(1500))
        run.plan.jobs[id]?.priority = 77
        run.run(for: .milliseconds(1500))
        #expect(run.machine.content.jobs[id]?.priority == 77)
        run.reads = 0
        run.run(for: .seconds(3))
        #expect(run.reads <= 4)
    }

    @Test func `a job that was submitted and is not known yet is followed until it appears`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(5))
        let id = "\(run.plan.planID)-\(100_001 + run.plan.nextID)"
        run.machine.follow(id, now: run.now)
        run.run(for: .seconds(2))
        run.plan.add()
        run.run(for: .seconds(2))
        #expect(run.machine.content.jobs[id] != nil)
    }

    @Test func `following ends after its time`() throws {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(5))
        let id = try #require(run.plan.jobs.keys.min())
        run.machine.follow(id, now: run.now)
        run.run(for: .seconds(65))
        run.reads = 0
        run.run(for: .seconds(30))
        #expect(run.reads <= 10)
    }

    @Test(arguments: [true, false])
    func `a new plan is one event, however it is built up`(samePlanID: Bool) {
        var run = MirrorRun(jobs: 300)
        run.run(for: .seconds(15))
        let before = run.events
        run.plan.replace(jobs: 310, samePlanID: samePlanID)
        for visible in stride(from: 0, through: 300, by: 60) {
            run.plan.visible = visible
            run.run(for: .seconds(10))
            #expect(run.machine.reason != nil)
        }
        run.plan.visible = nil
        run.run(for: .seconds(60))
        #expect(run.events == before + 1)
        #expect(run.replacements == 2)
        #expect(run.contentEqualsPlan)
        #expect(run.copyEqualsContent)
        #expect(run.machine.reason == nil)
    }

    @Test func `a new plan that was there between two polls is one event`() {
        var run = MirrorRun(jobs: 300)
        run.run(for: .seconds(15))
        run.plan.replace(jobs: 320, samePlanID: true)
        run.run(for: .seconds(150))
        #expect(run.events == 2)
        #expect(run.contentEqualsPlan)
    }

    @Test func `an empty plan is believed after a minute`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(15))
        run.plan.jobs = [:]
        run.run(for: .seconds(50))
        #expect(run.machine.content.jobs.count == 100)
        run.run(for: .seconds(40))
        #expect(run.machine.content.jobs.count == 0)
        #expect(run.replacements == 2)
    }

    @Test func `a deadline that passes is a change, once`() throws {
        var run = MirrorRun(jobs: 50)
        let id = try #require(run.plan.jobs.keys.min())
        run.plan.jobs[id]?.deadlineAt = (run.engineNow / 1000 + 100) * 1000
        run.run(for: .seconds(90))
        #expect(run.events == 1)
        run.run(for: .seconds(60))
        #expect(run.events == 2)
    }

    @Test func `errors keep what is known, say why, and are retried ever more slowly`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(15))
        var waits: [Double] = []
        for _ in 0..<5 {
            while case .wait(let until) = run.machine.next(now: run.now, engineNow: run.engineNow) {
                run.pass(run.now.duration(to: until))
            }
            run.fail("connection refused")
            guard case .wait(let until) = run.machine.next(now: run.now, engineNow: run.engineNow) else { continue }
            waits.append(run.now.duration(to: until) / .seconds(1))
        }
        #expect(waits == [10, 20, 30, 30, 30])
        #expect(run.machine.reason == "connection refused")
        #expect(run.contentEqualsPlan)
        run.run(for: .seconds(45))
        #expect(run.machine.reason == nil)
        #expect(run.events == 1)
    }

    /// The kinds of question an engine may refuse on its own.
    enum Refusal: CaseIterable {
        case delta
        case jobs
        case status
        case counts
        case sweeps

        func covers(_ step: MirrorStateMachine.Step) -> Bool {
            switch (self, step) {
            case (.delta, .delta), (.jobs, .jobs), (.status, .status), (.counts, .counts), (.sweeps, .sweepPage): true
            default: false
            }
        }
    }

    @Test(arguments: Refusal.allCases)
    func `an engine that refuses one kind of question is followed by the others`(refusal: Refusal) throws {
        var run = MirrorRun(jobs: 100) { $0.sweepInterval = .seconds(60) }
        run.run(for: .seconds(5))
        let ids = run.plan.jobs.keys.sorted()
        run.plan.jobs[ids[0]]?.status = PlanStatus.error
        run.plan.jobs[ids[0]]?.endedAt = run.engineNow
        run.machine.follow(ids[1], now: run.now)
        run.run(for: .seconds(70)) { refusal.covers($0) }
        #expect(run.machine.content.jobs[ids[0]]?.status == PlanStatus.error)
        // Twice a second at most, and never in a circle.
        #expect(run.refusals < 140)

        run.plan.jobs[ids[2]]?.status = PlanStatus.held
        run.run(for: .seconds(130)) { refusal.covers($0) }
        #expect(run.machine.content.jobs[ids[2]]?.status == PlanStatus.held)
        if refusal != .jobs {
            // Gone is only what its own id does not find.
            run.plan.jobs[ids[3]] = nil
            run.run(for: .seconds(130)) { refusal.covers($0) }
            if refusal != .sweeps { #expect(run.contentEqualsPlan) }
        }
        #expect(run.copyEqualsContent)
    }

    @Test(arguments: [Refusal.delta, .counts])
    func `a refusal of one kind is said as long as it lasts`(refusal: Refusal) {
        var run = MirrorRun(jobs: 100) { $0.sweepInterval = .seconds(60) }
        run.run(for: .seconds(5))
        run.run(for: .seconds(20)) { refusal.covers($0) }
        #expect(run.machine.reason == "refused")
        run.run(for: .seconds(100))
        #expect(run.machine.reason == nil)
    }

    @Test func `a new plan is taken over from an engine that refuses to count`() {
        var run = MirrorRun(jobs: 300)
        run.run(for: .seconds(15))
        run.plan.replace(jobs: 310, samePlanID: false)
        // None of its jobs runs: nothing but a sweep shows it.
        run.run(for: .seconds(400)) { $0 == .counts }
        #expect(run.replacements == 2)
        #expect(run.contentEqualsPlan)
    }

    @Test func `not being allowed to see workstations does not make jobs less true`() {
        var run = MirrorRun(jobs: 100)
        run.run(for: .seconds(120)) { $0 == .workstations }
        #expect(run.refusals == 1)
        #expect(run.machine.reason == nil)
    }

    @Test func `a plan that turns out to be another in the middle of a sweep is read from its beginning`() {
        var run = MirrorRun(jobs: 300) { $0.sweepInterval = .seconds(60) }
        run.run(for: .seconds(60))
        var steps = 0
        while run.sweeps < 2 || run.machine.sweep?.seen.count ?? 0 < 100, steps < 1000 {
            _ = run.step(until: run.now.advanced(by: .seconds(100)))
            steps += 1
        }
        run.plan.replace(jobs: 290, samePlanID: false)
        run.run(for: .seconds(60))
        #expect(run.contentEqualsPlan)
        #expect(run.replacements == 2)
        #expect(run.events == 2)
    }

    @Test(arguments: 0..<20)
    func `events alone rebuild the content, and the content follows the plan`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var run = MirrorRun(jobs: Int.random(in: 0..<150, using: &generator))
        for _ in 0..<60 {
            run.run(for: .seconds(Double.random(in: 0.1...20, using: &generator))) { run in
                for _ in 0..<Int.random(in: 0...2, using: &generator) {
                    run.plan.move(now: run.engineNow, using: &generator)
                }
            }
            switch Int.random(in: 0..<30, using: &generator) {
            case 0: run.fail("broken", retryAfter: .seconds(1))
            case 1: run.machine.restartSweep()
            case 2:
                if let id = run.plan.jobs.keys.sorted().randomElement(using: &generator) {
                    run.machine.follow(id, now: run.now)
                }
            case 3:
                run.plan.replace(
                    jobs: Int.random(in: 0..<150, using: &generator),
                    samePlanID: Bool.random(using: &generator)
                )
            default: break
            }
            #expect(run.copyEqualsContent)
            #expect(run.indexesAgree)
        }
        // When nothing moves any more, a sweep at the latest brings the truth.
        run.run(for: .seconds(900))
        #expect(run.contentEqualsPlan)
        #expect(run.copyEqualsContent)
    }
}
