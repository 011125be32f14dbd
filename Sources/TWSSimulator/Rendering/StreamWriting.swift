import JSON

extension PlanView {
    /// Writes a job stream as `JobStreamInPlan`.
    func write(stream place: Int, _ detail: PlanDetail, to writer: inout JSONWriter) {
        let row = StreamRow(view: self, place: place)
        let stream = row.stream
        let parameters = self.engine.parameters
        writer.beginObject()
        writer.field("flowNodeType", "JOBSTREAM")
        writer.field("engineId", parameters.id("engine"))
        writer.field("id", stream.id)
        writer.field("persistentId", stream.id)
        writer.field("planId", parameters.id("plan|current"))
        writer.field("folderId", self.engine.folderIDs[stream.folder])
        writer.field("folder", self.folder(stream))
        writer.field("name", stream.name)
        writer.field("originalJobStreamName", row.originalName)
        let aliased = stream.name != row.originalName
        if aliased { writer.field("aliasJobStreamName", stream.name) }
        writer.field("workstationId", self.engine.workstations[stream.workstation].id)
        writer.field("workstation", self.workstationPath(stream.workstation))
        if case .numbered(let number) = stream.model {
            writer.field("jobStreamModelId", parameters.id("jsd|\(number)"))
        }
        writer.field("key", self.streamKey(stream))
        writer.field("schedTime", self.instant(stream.scheduledAt))
        writer.field("timeZone", parameters.timeZone)
        self.writeFlags(stream, aliased: aliased, to: &writer)
        self.writeStatus(row, to: &writer)
        writer.field("priority", stream.priority)
        writer.field("origPriority", stream.priority)
        writer.object("timeInfo") { writer in
            let times = row.times
            writer.field("estimatedDuration", duration: stream.estimate, self.knobs)
            writer.field("actualStartTime", times.started.map(self.instant))
            writer.field("elapsedTime", duration: times.elapsed, self.knobs)
            writer.field("actualEndTime", times.ended.map(self.instant))
        }
        let scheduled = self.instant(stream.scheduledAt)
        writer.field("scheduledDate", PlanInstant(secondsSinceEpoch: scheduled.date.daysSinceEpoch * 86_400))
        self.writeCounts(row.counts, to: &writer)
        if detail.dependencies {
            writer.array("dependencies") { self.write(row.dependencies, ofStream: place, to: &$0) }
        }
        writer.dependencyCounts(DependencyCounts(self.engine, row.dependencies))
        writer.object("timeRestrictions") { writer in
            writer.field("startTime", scheduled)
            writer.field("timeDependent", true)
            writer.field("startTimeSatisfied", self.now >= stream.scheduledAt)
        }
        writer.field("limit", -1)
        if detail.jobs {
            writer.array("jobs") { writer in
                for job in stream.jobs { self.write(job: job, PlanDetail(dependencies: true), to: &writer) }
            }
        }
        writer.field("internalIdentifier", stream.internalIdentifier)
        writer.field("archived", false)
        writer.endObject()
    }

    private func writeFlags(_ stream: SimulatedStream, aliased: Bool, to writer: inout JSONWriter) {
        writer.object("jsDefinitionFlags") { writer in
            writer.field("aliased", aliased)
            writer.field("carriedForward", stream.carriedForward)
            writer.field("isService", false)
        }
        writer.object("jsStatusFlags") { writer in
            writer.field("released", false)
            writer.field("lateJobStream", false)
            writer.field("pendingPredecessor", false)
            writer.field("hasEveryJobs", false)
            writer.field("inOrder", false)
            writer.field("dontTouch", false)
        }
        writer.object("jsOptions") { writer in
            writer.field("monitored", false)
            writer.field("carryForward", stream.carryForward)
        }
    }

    private func writeStatus(_ row: StreamRow, to writer: inout JSONWriter) {
        let status = row.status
        writer.streamStatus("compositeStatus", status, canceled: row.stream.canceled, started: row.times.started != nil)
        writer.field("commonStatus", status.common.rawValue)
    }

    private func writeCounts(_ counts: StreamCounts, to writer: inout JSONWriter) {
        writer.object("jobStreamStats") { writer in
            writer.field("numberOfJob", counts.jobs)
            writer.field("numberOfCurrentNodes", counts.jobs)
            writer.field("numberOfSuccessfullJob", counts.successful)
            writer.field("numberOfDeltaJob", 0)
            writer.field("numberOfDeltaSuccJob", 0)
            writer.field("numberOfNotRunningJob", counts.notRunning)
            writer.field("numberOfExecutingJob", counts.executing)
            writer.field("numberOfAbendedJob", counts.abended)
            writer.field("numberOfFailedJob", counts.failed)
            writer.field("numberOfUndecidedJob", counts.undecided)
        }
    }
}

extension JSONWriter {
    mutating func streamStatus(_ name: StaticString, _ status: JobStreamStatus, canceled: Bool, started: Bool) {
        self.object(name) { writer in
            writer.field("status", status.rawValue)
            writer.field("canceled", canceled)
            writer.field("error", status == .abend)
            writer.field("started", started)
            writer.field("cancelPending", false)
            writer.field("dontRun", false)
        }
    }
}

extension SimulatedStream {
    /// The scheduler's own name of the instance: sixteen characters from `0AAA…` on, counted in letters.
    var internalIdentifier: String {
        var letters: [UInt8] = []
        var rest = self.number
        for _ in 0..<15 {
            letters.append(UInt8(ascii: "A") + UInt8(rest % 26))
            rest /= 26
        }
        return "0" + String(decoding: letters.reversed(), as: UTF8.self)
    }
}
