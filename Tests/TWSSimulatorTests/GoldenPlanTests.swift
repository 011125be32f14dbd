import Foundation
import JSON
import Testing

@testable import TWSSimulator

/// The plan of seed 42 at the hours whose counts are fixed by the specification.
@Suite struct GoldenPlanTests {
    @Test func `the generator draws the specified values`() throws {
        let golden = try fixture("tws-sim-golden")
        var random = SplitMix64(state: 42)
        let drawn = (0..<3).map { _ in String(random.next()) }
        #expect(drawn == golden["splitmix64_seed42"]?.array?.compactMap(\.string))
        #expect(String(fnv1a64("js|0")) == golden["fnv1a64_js0"]?.string)
    }

    @Test func `ids are the specified ones and read back from their text`() throws {
        let ids = try #require(try fixture("tws-sim-golden")["ids"])
        for (name, key) in [("jobstream0", "js|0"), ("job0", "job|0|0"), ("run0", "run|0|0|1"), ("ws0", "ws|AGT001")] {
            let id = EntityID(seed: 42, key: key)
            #expect(id.description == ids[name]?.string)
            #expect(EntityID(id.description.uppercased()) == id)
        }
        #expect(EntityID("eee40671-e4d4-379d-81cd-426992011be") == nil)
        #expect(EntityID("eee40671xe4d4-379d-81cd-426992011bed") == nil)
    }

    @Test func `the first job stream and its jobs are drawn as specified`() throws {
        let golden = try fixture("tws-sim-golden")
        let engine = PlanEngine(parameters: PlanParameters())
        let stream = engine.streams[0]
        let expected = try #require(golden["jobStream0"])
        #expect(PlanParameters.folders[stream.folder] == expected["folder"]?.string)
        #expect(stream.workstation - 3 == expected["ws"]?.int)
        #expect(stream.scheduledAt == expected["sched"]?.int)
        #expect(stream.priority == expected["prio"]?.int)
        #expect(stream.carryForward == expected["carry"]?.bool)
        #expect(stream.predecessor == nil)
        #expect(stream.jobs.count == expected["jobCount"]?.int)
        for (place, name) in [(0, "job0"), (1, "job1")] {
            let job = engine.jobs[place].character
            let expected = try #require(golden[name])
            #expect(job.estimate == expected["est"]?.int)
            #expect(job.duration == expected["act"]?.int)
            #expect(job.returnCode == expected["rc"]?.int)
            #expect(job.recovery.rawValue == expected["rec"]?.string)
            #expect(job.requiresConfirmation == expected["conf"]?.bool)
            #expect(job.critical == expected["crit"]?.bool)
            #expect(job.isCommand == expected["cmd"]?.bool)
            #expect(job.predecessors == expected["preds"]?.array?.compactMap(\.int) ?? [])
        }
    }

    @Test func `at every hour of the table jobs and streams are in the specified states`() throws {
        let golden = try fixture("tws-sim-golden")
        var engine = PlanEngine(parameters: PlanParameters())
        #expect(engine.jobs.count == golden["jobs"]?.int)
        let timeline = try #require(golden["timeline"]?.array)
        #expect(timeline.count == 10)
        for point in timeline {
            let time = try #require(point["hour"]?.int) * 3600
            engine.advance(to: time)
            let counts = engine.counts(at: time)
            #expect(named(counts.jobs) == table(point["jobs"]), "jobs at \(time) s")
            #expect(named(counts.internal) == table(point["internal"]), "internal states at \(time) s")
            #expect(named(counts.streams) == table(point["jobStreams"]), "streams at \(time) s")
        }
    }

    @Test func `the plan does not depend on how time is cut into pieces`() {
        var inOne = PlanEngine(parameters: PlanParameters())
        var inPieces = inOne
        inOne.advance(to: 30_000)
        for time in stride(from: 7, through: 30_000, by: 7) { inPieces.advance(to: time) }
        inPieces.advance(to: 30_000)
        #expect(inOne.jobs.map(\.run.status) == inPieces.jobs.map(\.run.status))
        #expect(inOne.jobs.map(\.run.jobNumber) == inPieces.jobs.map(\.run.jobNumber))
    }

    private func named<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }

    private func table(_ value: JSONValue?) -> [String: Int]? {
        value?.fields.map { fields in
            Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value.int ?? -1) })
        }
    }
}

/// A JSON document of the folder `Fixtures`.
func fixture(_ name: String) throws -> JSONValue {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
    return try JSONValue(parsing: Array(Data(contentsOf: url)))
}
