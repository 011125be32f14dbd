import JSON

extension PlanView {
    /// Writes a job as `JobInPlan`.
    func write(job place: Int, _ detail: PlanDetail, to writer: inout JSONWriter) {
        let job = self.engine.jobs[place]
        let stream = self.engine.streams[job.stream]
        let parameters = self.engine.parameters
        let id = self.jobIDText(place)
        writer.beginObject()
        writer.field("flowNodeType", "JOB")
        writer.field("engineId", parameters.id("engine"))
        writer.field("id", id)
        writer.field("persistentId", id)
        writer.field("planId", parameters.id("plan|current"))
        writer.field("folderId", self.engine.folderIDs[stream.folder])
        writer.field("folder", self.folder(stream))
        writer.field("name", job.name)
        writer.field("workstationId", self.engine.workstations[job.workstation].id)
        writer.field("workstation", self.workstationPath(job.workstation))
        writer.field("key", "\(self.streamKey(stream)).\(job.name)")
        writer.field("jobStreamId", stream.id)
        writer.field("jobStreamName", stream.name)
        writer.field("jobStreamWorkstationId", self.engine.workstations[stream.workstation].id)
        writer.field("jobStreamWorkstation", self.workstationPath(stream.workstation))
        writer.field("position", job.position + 1)
        self.writeFlags(job, stream, to: &writer)
        writer.compositeStatus(
            "lastRunCompositeStatus",
            job.shownStatus,
            substatus: self.engine.substatus(place, at: self.now),
            canceled: job.canceled,
            started: job.run.startedAt != nil
        )
        writer.field("lastRunCommonStatus", self.engine.commonStatus(of: job).rawValue)
        if let model = self.modelJobID(job, stream) { writer.field("jobDefinitionRefId", model) }
        if detail.definition { self.writeDefinition(job, stream, to: &writer) }
        writer.field("priority", job.priority)
        writer.field("origPriority", job.originalPriority)
        writer.array("jobruns") { writer in
            for run in job.previousRuns { self.write(run, of: job, place, id, to: &writer) }
            self.write(job.run, of: job, place, id, to: &writer)
        }
        writer.field("schedTime", self.instant(stream.scheduledAt))
        writer.field("timeZone", parameters.timeZone)
        self.writeTimeRestrictions(job, stream, to: &writer)
        let dependencies = self.engine.dependencies(ofJob: place)
        if detail.dependencies {
            writer.array("dependencies") { self.write(dependencies, ofJob: place, to: &$0) }
        }
        writer.dependencyCounts(DependencyCounts(self.engine, dependencies))
        writer.field("endTime", job.run.endedAt.map(self.instant))
        if let deadline = job.deadline {
            writer.field("criticalStart", self.instant(deadline - job.character.estimate))
        }
        writer.field("archived", false)
        writer.endObject()
    }

    private func modelJobID(_ job: SimulatedJob, _ stream: SimulatedStream) -> EntityID? {
        guard case .numbered(let number) = stream.model, job.taskText == nil else { return nil }
        return self.engine.parameters.id("jd|\(number)|\(job.position)")
    }

    private func isLate(_ job: SimulatedJob) -> Bool {
        guard let deadline = job.deadline, !job.canceled else { return false }
        return (job.run.status == .succ ? job.run.endedAt ?? self.now : self.now) > deadline
    }

    private func writeFlags(_ job: SimulatedJob, _ stream: SimulatedStream, to writer: inout JSONWriter) {
        writer.object("jobDefinitionFlags") { writer in
            writer.field("monitored", false)
            writer.field("aliased", false)
            writer.field("interactive", false)
        }
        let late = self.isLate(job)
        writer.object("jobStatusFlags") { writer in
            writer.field("jobStreamCancelled", stream.canceled)
            writer.field("promotedToUrgentQueue", false)
            writer.field("jobLate", late && job.run.status != .succ)
            writer.field("userRerunAgain", false)
            writer.field("restarted", !job.previousRuns.isEmpty)
            writer.field("untilGone", false)
            writer.field("needMessage", false)
            writer.field("deadlineHasPassed", late)
        }
        writer.object("jobOptions") { writer in
            writer.field("noOperation", false)
            writer.field("critical", job.character.critical)
            writer.field("requiresConfirmation", job.character.requiresConfirmation)
            writer.field("every", false)
        }
    }

    private func writeDefinition(_ job: SimulatedJob, _ stream: SimulatedStream, to writer: inout JSONWriter) {
        writer.object("jobDefinition") { writer in
            writer.field("id", self.engine.parameters.id("\(stream.keyPrefix)jdp|\(stream.number)|\(job.position)"))
            if let model = self.modelJobID(job, stream) { writer.field("jobDefinitionModelId", model) }
            writer.field("folderId", self.engine.folderIDs[stream.folder])
            writer.field("folder", self.folder(stream))
            writer.field("name", job.name)
            writer.field("workstationId", self.engine.workstations[job.workstation].id)
            writer.field("workstation", self.workstationPath(job.workstation))
            writer.field("description", "Simulated job \(job.position) of \(stream.name)")
            writer.task(of: job)
            writer.field("isCommand", job.character.isCommand)
            writer.field("estimatedDuration", duration: job.character.estimate, self.knobs)
            writer.field("userLogins", [job.user])
            writer.field("recoveryOption", job.character.recovery.rawValue)
        }
    }

    private func write(
        _ run: JobRun,
        of job: SimulatedJob,
        _ place: Int,
        _ jobID: String,
        to writer: inout JSONWriter
    ) {
        let stream = self.engine.streams[job.stream]
        writer.beginObject()
        writer.field("id", run.id)
        writer.field("name", job.name)
        writer.field("jobId", jobID)
        writer.field("jobKey", "\(self.streamKey(stream)).\(job.name)")
        writer.field("actualWorkstation", self.workstationPath(job.workstation))
        writer.field("jobNumber", run.jobNumber)
        writer.compositeStatus(
            "compositeStatus",
            self.shownStatus(of: run, job: job),
            substatus: run.id == job.run.id ? self.engine.substatus(place, at: self.now) : nil,
            canceled: run.canceled,
            started: run.startedAt != nil
        )
        writer.field("commonStatus", self.commonStatus(of: run, job: job).rawValue)
        writer.field("step", run.step)
        writer.field("returnCode", run.returnCode)
        writer.field("rerunJob", run.attempt > 1)
        writer.field("confirmed", run.confirmed)
        writer.field("released", run.released)
        writer.field("rerunType", run.type.rawValue)
        writer.object("timeInfo") { writer in
            writer.field("estimatedDuration", duration: job.character.estimate, self.knobs)
            writer.field("actualStartTime", run.startedAt.map(self.instant))
            writer.field("elapsedTime", duration: self.elapsed(run), self.knobs)
            writer.field("actualEndTime", run.endedAt.map(self.instant))
        }
        writer.field("submittedTime", self.instant(run.submittedAt))
        writer.field("lastInRerunChain", run.id == job.run.id)
        writer.field("minDurationNotReached", false)
        writer.field("maxDurationGone", false)
        writer.field("runAttempt", run.attempt)
        writer.endObject()
    }

    private func writeTimeRestrictions(
        _ job: SimulatedJob,
        _ stream: SimulatedStream,
        to writer: inout JSONWriter
    ) {
        let start = job.notBefore ?? stream.scheduledAt
        writer.object("timeRestrictions") { writer in
            writer.field("startTime", self.instant(start))
            writer.field("deadlineTime", job.deadline.map(self.instant))
            writer.field("timeDependent", true)
            writer.field("startTimeSatisfied", self.now >= start || job.freed)
            if job.deadline != nil { writer.field("deadlineSatisfied", !self.isLate(job)) }
        }
    }
}

extension JSONWriter {
    /// The object `task`, keyed by the kind of the task.
    mutating func task(of job: SimulatedJob) {
        self.object("task") { writer in
            writer.key(string: job.taskType)
            writer.beginObject()
            writer.field("taskString", job.taskText ?? "/opt/batch/run.sh \(job.name)")
            writer.field("isCommand", job.character.isCommand)
            writer.field("userName", job.user)
            writer.endObject()
        }
    }
}
