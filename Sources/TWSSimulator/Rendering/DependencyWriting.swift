import JSON

extension PlanView {
    func write(_ dependencies: [PlanDependency], ofJob place: Int, to writer: inout JSONWriter) {
        let job = self.engine.jobs[place]
        let stream = self.engine.streams[job.stream]
        for (index, dependency) in dependencies.enumerated() {
            let id = self.engine.parameters.id(stream.dependencyKey(job.position, index))
            writer.beginObject()
            switch dependency {
            case .job(let predecessor):
                self.writeHead("INTERNAL", id, dependency, index, to: &writer)
                writer.field("conditional", false)
                writer.field("critical", false)
                self.write(predecessor: predecessor, of: place, to: &writer)
            case .prompt(let prompt):
                self.writeHead("PROMPT", id, dependency, index, to: &writer)
                self.write(prompt: self.engine.prompts[prompt], to: &writer)
            case .stream(let predecessor):
                self.writeHead("EXTERNAL_JOBSTREAM", id, dependency, index, to: &writer)
                self.write(predecessorStream: predecessor, to: &writer)
            }
            writer.endObject()
        }
    }

    func write(_ dependencies: [PlanDependency], ofStream place: Int, to writer: inout JSONWriter) {
        let stream = self.engine.streams[place]
        for case (let index, .stream(let predecessor)) in dependencies.enumerated() {
            writer.beginObject()
            self.writeHead(
                "EXTERNAL_JOBSTREAM",
                self.engine.parameters.id(stream.dependencyKey),
                .stream(predecessor),
                index,
                to: &writer
            )
            self.write(predecessorStream: predecessor, to: &writer)
            writer.field("jobStreamSuccId", stream.id)
            writer.endObject()
        }
    }

    private func writeHead(
        _ type: String,
        _ id: EntityID,
        _ dependency: PlanDependency,
        _ index: Int,
        to writer: inout JSONWriter
    ) {
        let satisfied = self.engine.isSatisfied(dependency)
        writer.field("dependencyType", type)
        writer.field("id", id)
        writer.field("dependencyStatus", satisfied ? "SATISFIED" : "UNSATISFIED")
        writer.field("satisfied", satisfied)
        writer.field("depSequence", index + 1)
    }

    private func write(predecessor: Int, of place: Int, to writer: inout JSONWriter) {
        let job = self.engine.jobs[predecessor]
        let stream = self.engine.streams[job.stream]
        writer.field("jobId", self.jobIDText(predecessor))
        writer.field("jobName", job.name)
        writer.field("jobStreamName", stream.name)
        writer.field("jobStreamFolder", self.folder(stream))
        writer.field("jobStreamWorkstation", self.workstationPath(stream.workstation))
        writer.field("jobStreamSchedTime", self.instant(stream.scheduledAt))
        writer.field("jobSuccId", self.jobIDText(place))
        writer.compositeStatus(
            "predecessorStatus",
            job.shownStatus,
            substatus: self.engine.substatus(predecessor, at: self.now),
            canceled: job.canceled,
            started: job.run.startedAt != nil
        )
    }

    private func write(predecessorStream place: Int, to writer: inout JSONWriter) {
        let row = StreamRow(view: self, place: place)
        let stream = row.stream
        writer.field("jobStreamId", stream.id)
        writer.field("jobStreamName", stream.name)
        writer.field("jobStreamWorkstation", self.workstationPath(stream.workstation))
        writer.field("jobStreamFolder", self.folder(stream))
        writer.field("jobStreamSchedTime", self.instant(stream.scheduledAt))
        writer.field("pending", false)
        writer.field("zombie", false)
        writer.streamStatus(
            "predecessorStatus",
            row.status,
            canceled: stream.canceled,
            started: row.times.started != nil
        )
    }

    private func write(prompt: SimulatedPrompt, to writer: inout JSONWriter) {
        writer.field("folderId", self.engine.folderIDs[0])
        writer.field("folder", "/")
        writer.field("promptName", "PROMPT\(prompt.number)")
        writer.field("workstationId", self.engine.workstations[0].id)
        writer.field("workstation", self.workstationPath(0))
        writer.field("text", "May \(self.engine.streams[prompt.stream].name) start?")
        writer.field("promptStatus", prompt.status.rawValue)
        writer.field("promptType", "Predefined Prompt")
        writer.field("number", prompt.number + 1)
        // The prompt's own id: the reply call needs it and the dependency's id is another.
        writer.array("actions") { writer in
            writer.beginObject()
            writer.field("key", "reply")
            writer.field("id", prompt.id)
            writer.endObject()
        }
    }
}
