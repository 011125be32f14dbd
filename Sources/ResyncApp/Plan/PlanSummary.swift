import JSON
import TWS

/// How the plan stands, in numbers.
struct PlanSummary: Sendable {
    /// What the numbers can be split by.
    enum Grouping: String, CaseIterable, Sendable {
        case workstation
        case folder
    }

    /// The numbers of the whole plan or of one group.
    struct Counts: Sendable, Hashable {
        var total = 0
        var byStatus: [String: Int] = [:]
        var late = 0
        var held = 0
        var blocked = 0
        /// Critical jobs that are not done and late, in error, held or cancelled.
        var criticalAtRisk = 0

        /// The same as adding each job, from the plan's own counts.
        mutating func add(_ jobs: PlanJobIndex, now: Int64) {
            self.total += jobs.count
            self.byStatus.merge(jobs.countsByStatus, uniquingKeysWith: +)
            self.late += jobs.timed.values.count { $0.isLate(at: now) }
            self.held += jobs.count(status: PlanStatus.held)
            self.blocked += jobs.count(status: PlanStatus.blocked)
            self.criticalAtRisk += jobs.critical.values.count { job in
                PlanSummary.isAtRisk(job, isLate: job.isLate(at: now), now: now)
            }
        }

        mutating func add(_ job: PlanJob, now: Int64) {
            self.total += 1
            self.byStatus[job.status, default: 0] += 1
            let isLate = job.isLate(at: now)
            if isLate { self.late += 1 }
            if job.held { self.held += 1 }
            if job.status == PlanStatus.blocked { self.blocked += 1 }
            if job.critical, PlanSummary.isAtRisk(job, isLate: isLate, now: now) { self.criticalAtRisk += 1 }
        }
    }

    let counts: Counts
    let groups: [(key: String, counts: Counts)]

    /// One pass over all jobs when grouped; otherwise over those that are critical or can be late.
    init(_ view: PlanView, by grouping: Grouping? = nil) {
        var counts = Counts()
        var groups: [String: Counts] = [:]
        for part in view.parts {
            counts.add(part.snapshot.jobs, now: part.now)
            guard let grouping else { continue }
            for job in part.snapshot.jobs.byID.values {
                switch grouping {
                case .workstation: groups[job.workstation, default: Counts()].add(job, now: part.now)
                case .folder: groups[job.folder, default: Counts()].add(job, now: part.now)
                }
            }
        }
        self.counts = counts
        self.groups = groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// A critical job that is late, has failed, is held, or has not started 120 s before it must (the scheduler's own
    /// margin for the hot list).
    static func isAtRisk(_ job: PlanJob, isLate: Bool, now: Int64) -> Bool {
        if job.status == PlanStatus.successful { return false }
        if isLate || job.status == PlanStatus.error || job.held || job.canceled { return true }
        guard job.startedAt == nil, let start = job.criticalStartAt else { return false }
        return now >= start - 120_000
    }
}

extension JSONWriter {
    mutating func fields(of counts: PlanSummary.Counts) {
        self.field("total", counts.total)
        self.key("byStatus")
        self.beginObject()
        for status in PlanStatus.all where counts.byStatus[status] != nil || status != PlanStatus.suppress {
            self.key(string: status)
            self.value(counts.byStatus[status] ?? 0)
        }
        for (status, count) in counts.byStatus.sorted(by: { $0.key < $1.key }) where !PlanStatus.all.contains(status) {
            self.key(string: status)
            self.value(count)
        }
        self.endObject()
        self.field("late", counts.late)
        self.field("held", counts.held)
        self.field("blocked", counts.blocked)
        self.field("criticalAtRisk", counts.criticalAtRisk)
    }
}
