import JSON

/// A job read by id: with all its runs and what it waits for.
package struct PlanJobDetail: Sendable {
    package let job: PlanJob
    /// Oldest first.
    package let runs: [PlanJobRun]
    package let dependencies: [PlanDependency]
}

/// One attempt to run a job.
package struct PlanJobRun: Sendable, Hashable {
    package let id: String
    package let attempt: Int
    package let status: String
    package let internalStatus: String
    package let returnCode: Int?
    package let jobNumber: Int?
    package let workstation: String?
    /// REGULAR, RERUN, RECOVERY_RERUN and so on.
    package let rerunType: String?
    package let startedAt: Int64?
    package let endedAt: Int64?
    package let estimatedSeconds: Double?
    package let elapsedSeconds: Double?
    package let isLast: Bool

    init?(_ element: JSONElement, position: Int) {
        guard let id = element.text("id") else { return nil }
        let composite = element["compositeStatus"]
        let time = element["timeInfo"]
        let internalStatus = composite?.text("status") ?? ""
        self.id = id
        self.attempt = element.number("runAttempt") ?? position + 1
        self.internalStatus = internalStatus
        self.status =
            element.text("commonStatus")
            ?? PlanStatus.derived(
                internalStatus: internalStatus,
                canceled: composite?.flag("canceled") ?? false,
                priority: 1
            )
        self.returnCode = element.number("returnCode")
        self.jobNumber = element.number("jobNumber")
        self.workstation = element.text("actualWorkstation").map(workstationName)
        self.rerunType = element.text("rerunType")
        self.startedAt = time?.instant("actualStartTime")
        self.endedAt = time?.instant("actualEndTime")
        self.estimatedSeconds = time?.seconds("estimatedDuration")
        self.elapsedSeconds = time?.seconds("elapsedTime")
        self.isLast = element.flag("lastInRerunChain")
    }
}

/// Something a job or a job stream waits for.
package struct PlanDependency: Sendable, Hashable {
    /// INTERNAL, EXTERNAL_JOB, EXTERNAL_JOBSTREAM, JOIN, FILE, RESOURCE, INTERNETWORK or PROMPT.
    package let type: String
    package let id: String?
    /// SATISFIED, UNSATISFIED, UNDECIDED or UNBOUND.
    package let status: String
    package let jobID: String?
    package let jobName: String?
    package let streamID: String?
    package let streamName: String?
    package let streamScheduledAt: Int64?
    /// What is waited for, when that is no job and no stream: a file, a resource, a prompt.
    package let name: String?
    package let text: String?
    package let promptStatus: String?
    /// What a reply to the prompt names; it is not always the dependency's own id.
    package let promptID: String?
    package let quantity: Int?
    package let conditional: Bool

    init?(_ element: JSONElement) {
        guard let type = element.text("dependencyType") else { return nil }
        self.type = type
        self.id = element.text("id")
        self.status =
            element.text("dependencyStatus") ?? (element.flag("satisfied") ? "SATISFIED" : "UNSATISFIED")
        self.jobID = element.text("jobId")
        self.jobName = element.text("jobName")
        self.streamID = element.text("jobStreamId")
        self.streamName = element.text("jobStreamName")
        self.streamScheduledAt = element.instant("jobStreamSchedTime")
        self.name =
            element.text("promptName") ?? element.text("resourceName") ?? element.text("fileName")
            ?? element.text("name")
        self.text = element.text("text")
        self.promptStatus = element.text("promptStatus")
        let reply = element["actions"]?.elements?.first { $0.text("key") == "reply" }
        self.promptID = type == "PROMPT" ? reply?.text("id") ?? element.text("id") : nil
        self.quantity = element.number("quantity") ?? element.number("joinQuantity")
        self.conditional = element.flag("conditional")
    }

    package var isSatisfied: Bool { self.status == "SATISFIED" }
}

extension PlanJobDetail {
    init?(_ element: JSONElement, changedAt: Int64) {
        var pool = StringPool()
        guard let job = PlanJob(element, changedAt: changedAt, pool: &pool) else { return nil }
        self.job = job
        self.runs = (element["jobruns"]?.elements.map(Array.init) ?? []).enumerated()
            .compactMap { PlanJobRun($0.element, position: $0.offset) }
            .sorted { $0.attempt < $1.attempt }
        self.dependencies = element["dependencies"]?.elements?.compactMap(PlanDependency.init) ?? []
    }
}
