import JSON
import TestSupport

@testable import TWS

/// A plan in memory that moves at random and answers the mirror's questions as an engine would.
struct ModelPlan {
    struct Job: Hashable {
        var id: String
        var status = PlanStatus.waiting
        var priority = 10
        var run = 1
        var startedAt: Int64?
        var endedAt: Int64?
        var returnCode: Int?
        var deadlineAt: Int64?
        var stream = "S"

        func row(planID: String, changedAt: Int64) -> PlanJob {
            var writer = JSONWriter()
            writer.beginObject()
            writer.field("id", self.id)
            writer.field("planId", planID)
            writer.field("jobStreamId", self.stream)
            writer.field("jobStreamName", self.stream)
            writer.field("lastRunCommonStatus", self.status)
            writer.field("priority", self.priority)
            writer.key("jobOptions")
            writer.beginObject()
            writer.field("critical", self.priority % 3 == 0)
            writer.endObject()
            writer.key("timeRestrictions")
            writer.beginObject()
            writer.field("deadlineTime", epochMilliseconds: self.deadlineAt)
            writer.endObject()
            writer.key("jobruns")
            writer.beginArray()
            writer.beginObject()
            writer.field("id", "\(self.id)-\(self.run)")
            writer.field("runAttempt", self.run)
            writer.field("returnCode", self.returnCode)
            writer.key("timeInfo")
            writer.beginObject()
            writer.field("actualStartTime", epochMilliseconds: self.startedAt)
            writer.field("actualEndTime", epochMilliseconds: self.endedAt)
            writer.endObject()
            writer.endObject()
            writer.endArray()
            writer.endObject()
            var pool = StringPool()
            guard
                let document = try? JSONDocument(parsing: writer.bytes),
                let job = PlanJob(document.root, changedAt: changedAt, pool: &pool)
            else { preconditionFailure("the model writes valid jobs") }
            return job
        }
    }

    var planID = "plan-0"
    var jobs: [String: Job] = [:]
    /// While a new plan is being built only so many rows are there.
    var visible: Int?
    var nextID = 0

    init(jobs count: Int) {
        for _ in 0..<count { self.add() }
    }

    mutating func add() {
        self.nextID += 1
        let id = "\(self.planID)-\(100_000 + self.nextID)"
        self.jobs[id] = Job(id: id, stream: "S\(self.nextID % 7)")
    }

    mutating func replace(jobs count: Int, samePlanID: Bool) {
        self.planID = samePlanID ? self.planID : "\(self.planID)'"
        self.jobs = [:]
        for _ in 0..<count { self.add() }
    }

    var rows: [Job] {
        let sorted = self.jobs.values.sorted { $0.id < $1.id }
        return self.visible.map { Array(sorted.prefix($0)) } ?? sorted
    }

    /// One thing that happens to a plan by itself or by an operator.
    mutating func move(now: Int64, using generator: inout SeededGenerator) {
        guard var job = self.jobs.values.sorted(by: { $0.id < $1.id }).randomElement(using: &generator) else {
            return self.add()
        }
        switch (Int.random(in: 0..<20, using: &generator), job.status) {
        case (0, _):
            self.jobs[job.id] = nil
            return
        case (1, _): return self.add()
        case (2, PlanStatus.waiting): (job.status, job.priority) = (PlanStatus.held, 0)
        case (3, PlanStatus.waiting): job.status = PlanStatus.canceled
        case (4, _): job.priority = Int.random(in: 1...99, using: &generator)
        case (5, _): job.deadlineAt = job.deadlineAt == nil ? (now / 1000 + 60) * 1000 : nil
        case (_, PlanStatus.held): (job.status, job.priority) = (PlanStatus.waiting, 10)
        case (_, PlanStatus.waiting): job.status = PlanStatus.ready
        case (_, PlanStatus.ready): (job.status, job.startedAt) = (PlanStatus.running, now)
        case (_, PlanStatus.running):
            let failed = Bool.random(using: &generator)
            (job.status, job.endedAt) = (failed ? PlanStatus.error : PlanStatus.successful, now)
            job.returnCode = failed ? 1 : 0
        case (_, PlanStatus.error):
            job = Job(id: job.id, status: PlanStatus.waiting, run: job.run + 1, stream: job.stream)
        default: return
        }
        self.jobs[job.id] = job
    }

    func answer(
        _ step: MirrorStateMachine.Step,
        engineNow: Int64,
        sweepOffset: inout Int,
        pageSize: Int
    ) -> MirrorReading {
        func read(_ jobs: [Job]) -> [PlanJob] { jobs.map { $0.row(planID: self.planID, changedAt: engineNow) } }
        switch step {
        case .delta(let since):
            return .delta(
                read(
                    self.rows.filter { job in
                        [PlanStatus.running, PlanStatus.ready].contains(job.status) || job.startedAt ?? 0 >= since
                            || job.endedAt ?? 0 >= since
                    }
                )
            )
        case .jobs(let ids): return .jobs(read(self.rows.filter { ids.contains($0.id) }), ids: ids)
        case .status(let status): return .status(read(self.rows.filter { $0.status == status }), status)
        case .counts:
            let groups = Dictionary(grouping: self.rows, by: \.status).mapValues(\.count)
            return .counts(PlanCounts(total: self.rows.count, groups: groups))
        case .sweepPage(let isFirst):
            if isFirst { sweepOffset = 0 }
            let page = self.rows.dropFirst(sweepOffset).prefix(pageSize)
            sweepOffset += pageSize
            return .sweepPage(page.isEmpty ? nil : read(Array(page)))
        case .streams(let ids): return .streams([], ids: ids)
        case .allStreams: return .allStreams([])
        case .workstations: return .workstations([])
        case .wait: return .nothing
        }
    }
}
