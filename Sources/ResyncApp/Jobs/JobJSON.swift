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
        self.fieldsBeforeElapsed(of: job, engine: engine)
        self.field("elapsedSeconds", job.elapsedSeconds(at: now))
        self.fieldsBehindElapsed(of: job, isLate: job.isLate(at: now))
    }

    fileprivate mutating func fieldsBeforeElapsed(of job: PlanJob, engine: String) {
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
    }

    fileprivate mutating func fieldsBehindElapsed(of job: PlanJob, isLate: Bool) {
        self.field("deadlineAt", epochMilliseconds: job.deadlineAt)
        self.field("critical", job.critical)
        self.field("late", isLate)
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

extension PlanJob {
    /// Adds the job as `JSONWriter` writes it, from the text that is kept with it.
    ///
    /// `engine` is the one the job belongs to.
    func append(to bytes: inout [UInt8], engine: String, now: Int64) {
        let isLate = self.isLate(at: now)
        let text = self.textPlace.text(isLate: isLate) { self.text(engine: engine, isLate: isLate) }
        guard let place = text.elapsedAt else { return bytes.append(contentsOf: text.bytes) }
        bytes.append(contentsOf: text.bytes[..<place])
        bytes.append(json: self.elapsedSeconds(at: now) ?? 0)
        bytes.append(contentsOf: text.bytes[place...])
    }

    private func text(engine: String, isLate: Bool) -> PlanJobText {
        var json = JSONWriter(capacity: 640)
        json.beginObject()
        json.fieldsBeforeElapsed(of: self, engine: engine)
        var place: Int?
        if self.isElapsing {
            json.key("elapsedSeconds")
            place = json.bytes.count
            json.raw([])
        } else {
            json.field("elapsedSeconds", self.elapsedSeconds(at: 0))
        }
        json.fieldsBehindElapsed(of: self, isLate: isLate)
        json.endObject()
        // A copy without the room to grow, since it is kept.
        return PlanJobText(bytes: Array(json.bytes[...]), elapsedAt: place)
    }
}
