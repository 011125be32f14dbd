import JSON

/// Parts of plan objects that several of them share.
extension JSONWriter {
    mutating func field(_ name: StaticString, _ id: EntityID) {
        self.field(name, id.description)
    }

    mutating func field(_ name: StaticString, _ instant: PlanInstant?) {
        guard let instant else { return }
        self.key(name)
        self.value(epochMilliseconds: Int64(instant.secondsSinceEpoch) * 1000)
    }

    mutating func field(_ name: StaticString, duration seconds: Int?, _ knobs: ResponseKnobs) {
        guard let seconds else { return }
        self.key(name)
        if knobs.durationsInMilliseconds {
            self.value(seconds * 1000)
        } else {
            self.value(PlanDuration(seconds: seconds).text)
        }
    }

    mutating func object(_ name: StaticString, _ fields: (inout JSONWriter) -> Void) {
        self.key(name)
        self.beginObject()
        fields(&self)
        self.endObject()
    }

    mutating func array(_ name: StaticString, _ elements: (inout JSONWriter) -> Void) {
        self.key(name)
        self.beginArray()
        elements(&self)
        self.endArray()
    }

    /// `compositeStatus` of a run, `lastRunCompositeStatus` of a job.
    mutating func compositeStatus(
        _ name: StaticString,
        _ status: JobStatus,
        substatus: JobSubstatus? = nil,
        canceled: Bool,
        started: Bool
    ) {
        self.object(name) { writer in
            writer.field("status", status.rawValue)
            writer.field("substatus", substatus?.rawValue)
            writer.field("canceled", canceled)
            writer.field("error", status.isError)
            writer.field("started", started)
            writer.field("cancelPending", false)
            writer.field("dontRun", false)
        }
    }

    mutating func dependencyCounts(_ counts: DependencyCounts) {
        self.object("dependenciesStats") { writer in
            writer.field("numberOfDependencies", counts.all)
            writer.field("numberOfJobDependencies", counts.jobs)
            writer.field("numberOfJobStreamDependencies", counts.streams)
            writer.field("numberOfInternetworkDependencies", 0)
            writer.field("numberOfPromptDependencies", counts.prompts)
            writer.field("numberOfResourceDependencies", 0)
            writer.field("numberOfFileDependencies", 0)
            writer.field("numberOfUnresolvedDependencies", counts.unresolved)
            writer.field("numberOfNonResourceUnresolvedDependencies", counts.unresolved)
        }
    }
}

/// What of an object an answer carries.
struct PlanDetail: Sendable {
    var definition = true
    var dependencies = false
    /// The jobs within a job stream.
    var jobs = false
}
