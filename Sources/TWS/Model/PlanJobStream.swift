import JSON

/// A job stream in the plan, as read at one moment.
package final class PlanJobStream: Sendable {
    package let id: String
    package let name: String
    package let folder: String
    package let workstation: String
    /// What can be submitted again.
    package let modelID: String?
    package let status: String
    package let internalStatus: String
    package let substatus: String?
    package let canceled: Bool
    package let priority: Int
    /// Jobs at once; -1 is unlimited.
    package let limit: Int?
    package let scheduledAt: Int64?
    package let startedAt: Int64?
    package let endedAt: Int64?
    package let deadlineAt: Int64?
    package let estimatedSeconds: Double?
    package let flaggedLate: Bool
    package let carryForward: Bool
    package let jobs: JobCounts
    package let changedAt: Int64

    /// How the stream's jobs stand.
    package struct JobCounts: Sendable, Hashable {
        package let total: Int
        package let successful: Int
        package let running: Int
        package let abended: Int
        package let failed: Int
        package let waiting: Int
    }

    init?(_ element: JSONElement, changedAt: Int64, pool: inout StringPool) {
        guard let id = element.text("id"), !id.isEmpty else { return nil }
        let composite = element["compositeStatus"]
        let time = element["timeInfo"]
        let stats = element["jobStreamStats"]
        let internalStatus = composite?.text("status") ?? ""
        let canceled = composite?.flag("canceled") ?? false
        let priority = element.number("priority") ?? 10
        self.id = pool.shared(id)
        self.name = element.text("name") ?? ""
        self.folder = pool.shared(element.text("folder") ?? "/")
        self.workstation = pool.shared(workstationName(element.text("workstation") ?? ""))
        self.modelID = element.text("jobStreamModelId")
        self.internalStatus = internalStatus
        self.status = pool.shared(
            element.text("commonStatus")
                ?? PlanStatus.derived(internalStatus: internalStatus, canceled: canceled, priority: priority)
        )
        self.substatus = composite?.text("substatus")
        self.canceled = canceled
        self.priority = priority
        self.limit = element.number("limit")
        self.scheduledAt = element.instant("schedTime")
        self.startedAt = time?.instant("actualStartTime")
        self.endedAt = time?.instant("actualEndTime")
        self.deadlineAt = element["timeRestrictions"]?.instant("deadlineTime")
        self.estimatedSeconds = time?.seconds("estimatedDuration")
        self.flaggedLate = element["jsStatusFlags"]?.flag("lateJobStream") ?? false
        self.carryForward = element["jsOptions"]?.flag("carryForward") ?? false
        self.jobs = JobCounts(
            total: stats?.number("numberOfJob") ?? 0,
            // The JSON name has two l; the query language's has one.
            successful: stats?.number("numberOfSuccessfullJob") ?? 0,
            running: stats?.number("numberOfExecutingJob") ?? 0,
            abended: stats?.number("numberOfAbendedJob") ?? 0,
            failed: stats?.number("numberOfFailedJob") ?? 0,
            waiting: stats?.number("numberOfNotRunningJob") ?? 0
        )
        self.changedAt = changedAt
    }

    package func isLate(at now: Int64) -> Bool {
        if self.flaggedLate { return true }
        guard let deadlineAt = self.deadlineAt else { return false }
        return (self.endedAt ?? (PlanStatus.isFinal(self.status) ? deadlineAt : now)) > deadlineAt
    }

    package func isSame(as other: PlanJobStream) -> Bool {
        self.id == other.id && self.name == other.name && self.folder == other.folder
            && self.workstation == other.workstation && self.status == other.status
            && self.internalStatus == other.internalStatus && self.substatus == other.substatus
            && self.canceled == other.canceled && self.priority == other.priority && self.limit == other.limit
            && self.scheduledAt == other.scheduledAt && self.startedAt == other.startedAt
            && self.endedAt == other.endedAt && self.deadlineAt == other.deadlineAt
            && self.flaggedLate == other.flaggedLate && self.jobs == other.jobs
    }
}
