import JSON

extension JobEvent {
    /// The body a receiver gets.
    func json(_ parameters: PlanParameters, _ knobs: ResponseKnobs) -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.field("event", self.kind.rawValue)
        writer.field("virtualTime", parameters.instant(self.time))
        writer.field("jobId", self.jobID(knobs))
        writer.field("jobName", self.jobName)
        writer.field("jobStreamName", self.stream)
        writer.field("workstation", "/\(self.workstation)")
        writer.field("status", self.commonStatus.rawValue)
        writer.field("internalStatus", self.status.rawValue)
        writer.field("returnCode", self.returnCode)
        if self.kind == .riskLevelChanged { writer.field("riskLevel", self.risk.rawValue) }
        writer.endObject()
        return writer.bytes
    }

    private func jobID(_ knobs: ResponseKnobs) -> String {
        knobs.compositeIDs ? "\(self.streamWorkstation);\(self.stream);\(self.jobName)" : self.job.description
    }
}
