import JSON

extension PlanView {
    /// Writes a workstation as `WorkstationInPlan`.
    func write(workstation place: Int, to writer: inout JSONWriter) {
        let row = WorkstationRow(view: self, place: place)
        let workstation = row.workstation
        let parameters = self.engine.parameters
        writer.beginObject()
        writer.field("engineId", parameters.id("engine"))
        writer.field("id", workstation.id)
        writer.field("persistentId", workstation.id)
        writer.field("planId", parameters.id("plan|current"))
        writer.field("folderId", self.engine.folderIDs[0])
        writer.field("folder", "/")
        writer.field("name", workstation.name)
        writer.field("key", self.workstationPath(place))
        writer.field("symId", workstation.name)
        writer.field("runNumber", 35 + self.engine.day)
        writer.field(
            "description",
            workstation.isNode
                ? "Simulated master" : workstation.kind == .broker ? "Simulated broker" : "Simulated agent"
        )
        writer.field("activeStates", row.activeStates)
        writer.field("activeFlags", row.activeFlags)
        writer.field("type", row.kind)
        writer.field("hostType", row.isMaster ? "MASTER" : "WORKSTATION")
        writer.field("os", "UNIX")
        writer.field("timeZone", parameters.timeZone)
        writer.field("nodeName", "\(workstation.name.lowercased()).sim.local")
        writer.field("tcpPort", 31_111)
        writer.field("sslPort", 31_114)
        writer.field("domainName", "MASTERDM")
        writer.field("limit", workstation.limit)
        writer.field("fence", workstation.fence)
        writer.field("agentId", parameters.id("agent|\(workstation.name)").compactUppercase)
        writer.field("version", self.knobs.version)
        writer.field("securityLevel", "HTTPS")
        if workstation.kind == .dynamic || workstation.kind == .pool {
            writer.field("hostWorkstation", self.workstationPath(1))
        }
        writer.field("ignore", false)
        writer.field("archived", false)
        writer.endObject()
    }

    /// Writes a resource as `ResourceInPlan`.
    func write(_ row: ResourceRow, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("engineId", self.engine.parameters.id("engine"))
        writer.field("id", row.id)
        writer.field("folderId", self.engine.folderIDs[0])
        writer.field("folder", "/")
        writer.field("name", row.name)
        writer.field("key", "\(self.workstationPath(0))#/\(row.name)")
        writer.field("workstationId", self.engine.workstations[0].id)
        writer.field("workstation", self.workstationPath(0))
        writer.field("quantity", PlanParameters.resourceQuantity)
        writer.field("quantityAvailable", row.available)
        writer.field("quantityInUse", row.inUse)
        writer.field("description", "Simulated resource \(row.name)")
        writer.array("holders") { writer in
            for place in row.holders {
                let job = self.engine.jobs[place]
                let stream = self.engine.streams[job.stream]
                writer.beginObject()
                writer.field("jobStreamId", stream.id)
                writer.field("jobStream", self.streamKey(stream))
                writer.field("jobId", self.jobIDText(place))
                writer.field("job", job.name)
                writer.field("jobKey", "\(self.streamKey(stream)).\(job.name)")
                writer.field("quantity", 1)
                writer.field("shared", false)
                writer.endObject()
            }
        }
        writer.field("status", row.status)
        writer.field("archived", false)
        writer.endObject()
    }

    /// Writes a job definition as `JobDefinitionObject`; the header alone leaves out what the job does.
    func write(_ row: JobDefinitionRow, onlyHeader: Bool, to writer: inout JSONWriter) {
        let job = row.job
        writer.beginObject()
        writer.field("kind", "JobDefinition")
        writer.field("key", row.key)
        writer.object("def") { writer in
            writer.field("id", row.id)
            writer.field("folderId", self.engine.folderIDs[row.stream.folder])
            writer.field("folder", self.folder(row.stream))
            writer.field("name", job.name)
            writer.field("workstationId", self.engine.workstations[job.workstation].id)
            writer.field("workstation", self.workstationPath(job.workstation))
            writer.field("description", "Simulated job")
            writer.field("type", job.taskType)
            // `task` is required by the description even where only the header was asked for.
            writer.task(of: job)
            guard !onlyHeader else { return }
            writer.field("userLogins", [job.user])
            writer.object("recovery") { $0.field("action", job.character.recovery.rawValue) }
        }
        writer.endObject()
    }

    /// Writes a job stream definition as `JobStreamObject`.
    func write(_ row: StreamDefinitionRow, onlyHeader: Bool, to writer: inout JSONWriter) {
        let stream = row.stream
        writer.beginObject()
        writer.field("kind", "JobStream")
        writer.field("key", self.streamKey(stream))
        writer.object("def") { writer in
            writer.field("id", row.id)
            writer.field("abstractId", self.engine.parameters.id("jsa|\(stream.number)"))
            writer.field("folderId", self.engine.folderIDs[stream.folder])
            writer.field("folder", self.folder(stream))
            writer.field("name", stream.name)
            writer.field("workstationId", self.engine.workstations[stream.workstation].id)
            writer.field("workstation", self.workstationPath(stream.workstation))
            writer.field("options", stream.carryForward ? ["carryForward"] : [])
            guard !onlyHeader else { return }
            writer.field("priority", stream.priority)
            writer.field("saturdayIsFree", true)
            writer.field("sundayIsFree", true)
            writer.array("runCycles") { _ in }
            writer.array("exclusiveRunCycles") { _ in }
            writer.field("asap", false)
            writer.field("perJobLatestStart", false)
            writer.array("jobs") { writer in
                for place in stream.jobs where self.engine.jobs[place].taskText == nil {
                    let job = JobDefinitionRow(view: self, place: place)
                    writer.beginObject()
                    writer.field("name", job.job.name)
                    writer.field("jobDefinitionId", job.id)
                    writer.endObject()
                }
            }
        }
        writer.endObject()
    }
}
