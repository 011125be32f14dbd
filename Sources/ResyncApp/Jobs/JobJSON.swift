import JSON
import TWS

extension JSONWriter {
    /// A job as the contract describes it.
    ///
    /// `now` is the engine's time in milliseconds since 1970.
    mutating func write(_ job: PlanJob, engine: String, now: Int64) {
        self.beginObject()
        self.fields(of: job, engine: engine, now: now)
        self.endObject()
    }

    mutating func fields(of job: PlanJob, engine: String, now: Int64) {
        self.field("id", EngineID.external(job.id, engine: engine))
        self.field("name", job.name)
        self.field("stream", job.stream)
        self.field("streamId", EngineID.external(job.streamID, engine: engine))
        self.field("workstation", job.workstation)
        self.field("folder", job.folder)
        self.field("engine", engine)
        self.field("status", job.status)
        self.field("internalStatus", job.internalStatus)
        self.field("substatus", job.substatus)
        self.field("returnCode", job.returnCode)
        self.field("run", job.run)
        self.field("runId", job.runID)
        self.field("priority", job.priority)
        self.field("scheduledAt", epochMilliseconds: job.scheduledAt)
        self.field("startedAt", epochMilliseconds: job.startedAt)
        self.field("endedAt", epochMilliseconds: job.endedAt)
        self.field("estimatedSeconds", job.estimatedSeconds)
        self.field("elapsedSeconds", job.elapsedSeconds(at: now))
        self.field("deadlineAt", epochMilliseconds: job.deadlineAt)
        self.field("critical", job.critical)
        self.field("late", job.isLate(at: now))
        self.field("held", job.held)
        self.field("canceled", job.canceled)
        self.field("changedAt", epochMilliseconds: job.changedAt)
    }

    mutating func write(_ run: PlanJobRun) {
        self.beginObject()
        self.field("id", run.id)
        self.field("number", run.attempt)
        self.field("status", run.status)
        self.field("internalStatus", run.internalStatus)
        self.field("returnCode", run.returnCode)
        self.field("jobNumber", run.jobNumber)
        self.field("workstation", run.workstation)
        self.field("rerunType", run.rerunType)
        self.field("startedAt", epochMilliseconds: run.startedAt)
        self.field("endedAt", epochMilliseconds: run.endedAt)
        self.field("estimatedSeconds", run.estimatedSeconds)
        self.field("elapsedSeconds", run.elapsedSeconds)
        self.endObject()
    }
}
