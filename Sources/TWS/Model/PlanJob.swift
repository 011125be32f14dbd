import JSON

/// A job in the plan with its last run, as read at one moment; it never changes.
///
/// A class, because lists of a hundred thousand are sorted, copied and shared between snapshots. Times are milliseconds
/// since 1970 in the engine's time.
package final class PlanJob: Sendable {
    package let id: String
    package let planID: String?
    package let name: String
    package let stream: String
    package let streamID: String
    package let streamWorkstation: String?
    package let workstation: String
    package let folder: String
    /// One of ``PlanStatus``, or what the engine says instead.
    package let status: String
    package let internalStatus: String
    package let substatus: String?
    package let canceled: Bool
    package let returnCode: Int?
    /// Counts from 1.
    package let run: Int
    package let runID: String?
    package let jobNumber: Int?
    package let priority: Int
    package let scheduledAt: Int64?
    package let startedAt: Int64?
    package let endedAt: Int64?
    package let estimatedSeconds: Double?
    package let reportedElapsedSeconds: Double?
    package let deadlineAt: Int64?
    package let latestStartAt: Int64?
    package let criticalStartAt: Int64?
    package let critical: Bool
    package let noOperation: Bool
    package let requiresConfirmation: Bool
    /// What the engine itself says about lateness.
    package let flaggedLate: Bool
    package let unresolvedDependencies: Int?
    /// When this state was first seen, in the engine's time.
    package let changedAt: Int64
    package let textPlace = PlanJobTextPlace()

    /// Nil without an id, the one thing that nothing works without.
    init?(_ element: JSONElement, changedAt: Int64, pool: inout StringPool) {
        guard let id = element.text("id"), !id.isEmpty else { return nil }
        let run = Self.lastRun(of: element)
        let composite = element["lastRunCompositeStatus"] ?? run?["compositeStatus"]
        let time = run?["timeInfo"]
        let restrictions = element["timeRestrictions"]
        let options = element["jobOptions"]
        let flags = element["jobStatusFlags"]
        let priority = element.number("priority") ?? 10
        let internalStatus = composite?.text("status") ?? ""
        let canceled = composite?.flag("canceled") ?? false

        self.id = id
        self.planID = element.text("planId").map { pool.shared($0) }
        self.name = element.text("name") ?? ""
        self.stream = element.text("jobStreamName") ?? ""
        self.streamID = pool.shared(element.text("jobStreamId") ?? "")
        self.streamWorkstation = element.text("jobStreamWorkstation").map { pool.shared(workstationName($0)) }
        self.workstation = pool.shared(workstationName(element.text("workstation") ?? ""))
        self.folder = pool.shared(element.text("folder") ?? "/")
        self.internalStatus = internalStatus
        self.status = pool.shared(
            element.text("lastRunCommonStatus") ?? run?.text("commonStatus")
                ?? PlanStatus.derived(internalStatus: internalStatus, canceled: canceled, priority: priority)
        )
        self.substatus = composite?.text("substatus").map { pool.shared($0) }
        self.canceled = canceled
        self.returnCode = run?.number("returnCode")
        self.run = run?.number("runAttempt") ?? max(1, Self.count(of: element["jobruns"]))
        self.runID = run?.text("id")
        self.jobNumber = run?.number("jobNumber")
        self.priority = priority
        self.scheduledAt = element.instant("schedTime")
        self.startedAt = time?.instant("actualStartTime")
        self.endedAt = time?.instant("actualEndTime")
        self.estimatedSeconds =
            time?.seconds("estimatedDuration") ?? element["jobDefinition"]?.seconds("estimatedDuration")
        self.reportedElapsedSeconds = time?.seconds("elapsedTime")
        self.deadlineAt = restrictions?.instant("deadlineTime")
        self.latestStartAt = restrictions?.instant("latestStartTime")
        self.criticalStartAt = element.instant("criticalStart")
        self.critical = options?.flag("critical") ?? false
        self.noOperation = options?.flag("noOperation") ?? false
        self.requiresConfirmation = options?.flag("requiresConfirmation") ?? false
        self.flaggedLate = (flags?.flag("jobLate") ?? false) || (flags?.flag("deadlineHasPassed") ?? false)
        self.unresolvedDependencies = element["dependenciesStats"]?.number("numberOfUnresolvedDependencies")
        self.changedAt = changedAt
    }

    /// The run that the chain ends with; engines list them in no documented order.
    private static func lastRun(of element: JSONElement) -> JSONElement? {
        guard let runs = element["jobruns"]?.elements else { return nil }
        var last: JSONElement?
        for run in runs {
            if run.flag("lastInRerunChain") { return run }
            if last.map({ ($0.number("runAttempt") ?? 0) <= (run.number("runAttempt") ?? 0) }) ?? true { last = run }
        }
        return last
    }

    private static func count(of element: JSONElement?) -> Int {
        element?.elements.map { $0.reduce(0) { count, _ in count + 1 } } ?? 0
    }
}

extension PlanJob {
    package var held: Bool { self.status == PlanStatus.held }

    package var isFinal: Bool { PlanStatus.isFinal(self.status) }

    /// How long the last run has taken: as reported when it ended, up to `now` (engine time) while it runs.
    package func elapsedSeconds(at now: Int64) -> Double? {
        guard let startedAt = self.startedAt else { return nil }
        if let endedAt = self.endedAt { return Double(max(0, endedAt - startedAt)) / 1000 }
        guard self.isElapsing else { return self.reportedElapsedSeconds }
        return Double(max(0, now - startedAt)) / 1000
    }

    /// Whether `elapsedSeconds` grows with time.
    package var isElapsing: Bool {
        self.startedAt != nil && self.endedAt == nil && self.status == PlanStatus.running
    }

    /// From when on it counts as late; nil when it cannot become late by time alone.
    package var lateFrom: Int64? {
        let start = self.startedAt == nil ? self.latestStartAt : nil
        guard let first = self.deadlineAt ?? start, !self.isFinal else { return nil }
        return min(first, start ?? first)
    }

    /// Late: the engine says so, or it ended after its deadline, or its deadline or its latest start has passed at `now`.
    package func isLate(at now: Int64) -> Bool {
        if self.flaggedLate { return true }
        if let endedAt = self.endedAt, let deadlineAt = self.deadlineAt, endedAt > deadlineAt { return true }
        return self.lateFrom.map { $0 < now } ?? false
    }

    /// Whether an observer would see the same; when it was first seen and how long it has run do not count.
    package func isSame(as other: PlanJob) -> Bool {
        self.id == other.id && self.status == other.status && self.internalStatus == other.internalStatus
            && self.substatus == other.substatus && self.canceled == other.canceled && self.run == other.run
            && self.runID == other.runID && self.returnCode == other.returnCode && self.priority == other.priority
            && self.startedAt == other.startedAt && self.endedAt == other.endedAt
            && self.scheduledAt == other.scheduledAt && self.deadlineAt == other.deadlineAt
            && self.latestStartAt == other.latestStartAt && self.flaggedLate == other.flaggedLate
            && self.critical == other.critical && self.name == other.name && self.streamID == other.streamID
            && self.stream == other.stream && self.workstation == other.workstation && self.folder == other.folder
            && self.planID == other.planID && self.jobNumber == other.jobNumber
            && self.estimatedSeconds == other.estimatedSeconds
            && self.requiresConfirmation == other.requiresConfirmation
            && self.unresolvedDependencies == other.unresolvedDependencies
    }
}
