/// The plan at one moment, as requests read it: a copy of the engine that does not move.
///
/// A class, because rows refer to it and copying the engine's dozens of references for each row would cost more than
/// reading it.
final class PlanView: Sendable {
    let engine: PlanEngine
    /// Virtual time of the moment in seconds since the start of the first plan day.
    let now: Int
    let knobs: ResponseKnobs

    init(engine: PlanEngine, now: Int, knobs: ResponseKnobs) {
        self.engine = engine
        self.now = now
        self.knobs = knobs
    }

    func instant(_ seconds: Int) -> PlanInstant { self.engine.parameters.instant(seconds) }

    func folder(_ stream: SimulatedStream) -> String { PlanParameters.folders[stream.folder] }

    /// `/AGT002`: all workstations lie in the root folder.
    func workstationPath(_ place: Int) -> String { "/\(self.engine.workstations[place].name)" }

    /// Written as `/AGT002#/DWH/JS00000`.
    func streamKey(_ stream: SimulatedStream) -> String {
        let folder = self.folder(stream)
        return "\(self.workstationPath(stream.workstation))#\(folder == "/" ? "" : folder)/\(stream.name)"
    }

    func jobIDText(_ place: Int) -> String {
        let job = self.engine.jobs[place]
        guard self.knobs.compositeIDs else { return job.id.description }
        let stream = self.engine.streams[job.stream]
        return "\(self.engine.workstations[stream.workstation].name);\(stream.name);\(job.name)"
    }

    /// Accepts both kinds of ids whatever the style in use.
    func job(id text: String) -> Int? {
        if let id = EntityID(text) { return self.engine.jobPlaces[id] }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return self.engine.jobs.lastIndex { job in
            let stream = self.engine.streams[job.stream]
            return job.name == parts[2] && stream.name == parts[1]
                && self.engine.workstations[stream.workstation].name == parts[0]
        }
    }

    func jobEntity(id text: String) -> EntityID? {
        self.job(id: text).map { self.engine.jobs[$0].id }
    }

    func stream(id text: String) -> Int? {
        EntityID(text).flatMap { self.engine.streamPlaces[$0] }
    }

    func workstation(id text: String) -> Int? {
        EntityID(text).flatMap { self.engine.workstationPlaces[$0] }
    }

    /// The job of a run, and the run.
    func run(id text: String) -> (job: Int, run: JobRun)? {
        guard let id = EntityID(text), let place = self.engine.runPlaces[id] else { return nil }
        let job = self.engine.jobs[place]
        guard let run = ([job.run] + job.previousRuns).first(where: { $0.id == id }) else { return nil }
        return (place, run)
    }

    /// Places of the jobs lists show now.
    var visibleJobs: Range<Int> {
        0..<self.engine.visibleRows(of: self.engine.jobs.count, at: self.now)
    }

    var visibleStreams: Range<Int> {
        0..<self.engine.visibleRows(of: self.engine.streams.count, at: self.now)
    }
}

/// The properties of answers that are not known of the real product and can therefore be set.
package struct ResponseKnobs: Sendable {
    /// Job ids are texts such as `AGT002;JS00000;JOB00000_000` instead of UUIDs.
    package var compositeIDs = false
    package var listDependencies = false
    package var durationsInMilliseconds = false
    package var groupSeparator = ","
    package var fieldsIgnoreCase = false
    /// `Include-Count: false` answers -1 instead of leaving the count out.
    package var countOffIsMinusOne = false
    package var version = "10.2.5"

    package init() {}
}
