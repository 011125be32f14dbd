import Foundation
import JSON
import Testing

@testable import TWS

@Suite struct `Plan objects` {
    private static let samples = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../TWSSimulatorTests/Fixtures/tws-samples.json")

    private func sample(_ name: String) throws -> JSONElement {
        let document = try JSONDocument(parsing: Array(Data(contentsOf: Self.samples)))
        return try #require(document.root[name])
    }

    private func job(_ json: String) throws -> PlanJob? {
        var pool = StringPool()
        return PlanJob(try JSONDocument(parsing: Array(json.utf8)).root, changedAt: 0, pool: &pool)
    }

    @Test func `a complete job is read`() throws {
        var pool = StringPool()
        let job = try #require(PlanJob(try self.sample("JobInPlan"), changedAt: 7, pool: &pool))
        #expect(job.id == "b5aca7df-30e9-36c8-a3f6-c02e886b7904")
        #expect(job.name == "JOB00000_000")
        #expect(job.stream == "JS00000")
        #expect(job.workstation == "AGT002")
        #expect(job.folder == "/DWH")
        #expect(job.status == "RUNNING")
        #expect(job.internalStatus == "EXEC")
        #expect(job.run == 1)
        #expect(job.runID == "a885eee8-f4f3-3696-ad78-1159c1e900c0")
        #expect(job.jobNumber == 100_001)
        #expect(job.priority == 10)
        #expect(job.estimatedSeconds == 5070)
        #expect(job.startedAt == 1_768_456_320_000)
        #expect(job.endedAt == nil)
        #expect(job.requiresConfirmation)
        #expect(!job.critical)
        #expect(job.elapsedSeconds(at: 1_768_456_380_000) == 60)
        #expect(job.changedAt == 7)
    }

    @Test func `streams, workstations, resources and dependencies are read`() throws {
        var pool = StringPool()
        let stream = try #require(PlanJobStream(try self.sample("JobStreamInPlan"), changedAt: 0, pool: &pool))
        #expect(stream.status == "RUNNING")
        #expect(stream.jobs.total == 9)
        #expect(stream.jobs.running == 1)
        #expect(stream.modelID == "6cf69846-80a1-3e4e-b62b-8151c198676f")
        let workstation = try #require(PlanWorkstation(try self.sample("WorkstationInPlan")))
        #expect(workstation.name == "AGT002")
        #expect(workstation.isUsable)
        #expect(workstation.limit == 20)
        let resource = try #require(PlanResource(try self.sample("ResourceInPlan")))
        #expect(resource.holders.first?.jobID == "0a13a7d9-ba03-3e68-bdfe-06c46bc35a09")
        let dependency = try #require(PlanDependency(try self.sample("Dependency")))
        #expect(dependency.type == "INTERNAL" && !dependency.isSatisfied)
        #expect(dependency.jobID == "b5aca7df-30e9-36c8-a3f6-c02e886b7904")
        let counts = PlanCounts(try self.sample("GroupedCount"))
        #expect(counts.total == 1515)
        #expect(counts.groups["/AGT002"] == 201)
        #expect(counts.statuses == nil)
    }

    @Test func `an id is all a job needs`() throws {
        let job = try #require(try self.job(#"{"id":"x"}"#))
        #expect(job.status == "")
        #expect(job.run == 1)
        #expect(job.runID == nil)
        #expect(try self.job("{}") == nil)
        #expect(try self.job(#"{"id":""}"#) == nil)
        #expect(try self.job("[]") == nil)
    }

    @Test func `null counts as missing, numbers may be text, unknown states and fields pass`() throws {
        let job = try #require(
            try self.job(
                #"{"id":"x","name":null,"priority":"55","lastRunCommonStatus":"XSTAT","new":{"a":[1]},"jobruns":[{"id":null,"returnCode":"9"}],"schedTime":null,"jobOptions":null}"#
            )
        )
        #expect(job.priority == 55)
        #expect(job.status == "XSTAT")
        #expect(job.returnCode == 9)
        #expect(job.scheduledAt == nil)
        #expect(job.name == "")
    }

    @Test func `the last run is the end of the chain in whatever order runs come`() throws {
        let runs = [
            #"{"id":"r1","runAttempt":1,"lastInRerunChain":false}"#,
            #"{"id":"r2","runAttempt":2,"lastInRerunChain":true}"#,
        ]
        for order in [[0, 1], [1, 0]] {
            let list = order.map { runs[$0] }.joined(separator: ",")
            #expect(try self.job("{\"id\":\"x\",\"jobruns\":[\(list)]}")?.runID == "r2")
        }
        #expect(
            try self.job(#"{"id":"x","jobruns":[{"id":"b","runAttempt":2},{"id":"a","runAttempt":1}]}"#)?.runID == "b"
        )
    }

    @Test(arguments: [
        ("HOLD", false, 10, "WAITING"), ("HOLD", false, 0, "HELD"), ("READY", false, 0, "HELD"),
        ("READY", false, 10, "READY"),
        ("INTRO", false, 0, "WAITING"), ("PEND", false, 10, "WAITING"), ("EXEC", false, 10, "RUNNING"),
        ("SUCC", false, 10, "SUCCESSFUL"), ("ABEND", false, 10, "ERROR"), ("FAIL", false, 10, "ERROR"),
        ("SUCC", true, 10, "CANCELED"), ("CANCL", false, 10, "CANCELED"), ("FENCE", false, 10, "READY"),
        ("STUCK", false, 10, "BLOCKED"), ("EXTRN", false, 10, "UNDECIDED"), ("SUPPR", false, 10, "SUPPRESS"),
        ("XSTAT", false, 10, "XSTAT"),
    ])
    func `an answer without a common state has it derived`(
        internalStatus: String,
        canceled: Bool,
        priority: Int,
        status: String
    ) {
        #expect(PlanStatus.derived(internalStatus: internalStatus, canceled: canceled, priority: priority) == status)
    }

    @Test func `lateness follows deadline and latest start in the engine's time`() throws {
        let waiting = try #require(
            try self.job(
                #"{"id":"x","lastRunCommonStatus":"WAITING","timeRestrictions":{"deadlineTime":"1970-01-01T00:00:20Z","latestStartTime":"1970-01-01T00:00:10Z"}}"#
            )
        )
        #expect(!waiting.isLate(at: 10_000))
        #expect(waiting.isLate(at: 10_001))
        let ended = try #require(
            try self.job(
                #"{"id":"x","lastRunCommonStatus":"SUCCESSFUL","timeRestrictions":{"deadlineTime":"1970-01-01T00:00:20Z"},"jobruns":[{"id":"r","timeInfo":{"actualStartTime":"1970-01-01T00:00:01Z","actualEndTime":"1970-01-01T00:00:19Z"}}]}"#
            )
        )
        #expect(!ended.isLate(at: 100_000))
        #expect(ended.lateFrom == nil)
        let flagged = try #require(try self.job(#"{"id":"x","jobStatusFlags":{"jobLate":true}}"#))
        #expect(flagged.isLate(at: 0))
    }

    @Test(arguments: [("/AGT1", "AGT1"), ("/F/AGT1", "/F/AGT1"), ("AGT1", "AGT1"), ("", ""), ("/", "")])
    func `workstations in the root folder go by their short name`(path: String, name: String) {
        #expect(workstationName(path) == name)
    }
}

@Suite struct `The end of a log` {
    @Test(arguments: [
        (0, ""), (1, "c\n"), (2, "b\nc\n"), (3, "a\nb\nc\n"), (9, "a\nb\nc\n"),
    ])
    func `the last lines are kept`(lines: Int, expected: String) {
        for size in 1...7 {
            var tail = LogTail(lines: lines)
            let text = Array("a\nb\nc\n".utf8)
            for start in stride(from: 0, to: text.count, by: size) {
                tail.append(Array(text[start..<min(start + size, text.count)]))
            }
            #expect(String(decoding: tail.text, as: UTF8.self) == expected)
        }
    }

    @Test func `memory is bounded whatever comes`() {
        var tail = LogTail(lines: 10, maximumBytes: 100)
        for _ in 0..<1000 { tail.append(Array(repeating: UInt8(ascii: "x"), count: 33)) }
        #expect(tail.text.count == 100)
        var short = LogTail(lines: 2, maximumBytes: 100)
        short.append(Array("1\n2\n3".utf8))
        #expect(String(decoding: short.text, as: UTF8.self) == "2\n3")
    }
}
