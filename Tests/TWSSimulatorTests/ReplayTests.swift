import Foundation
import JSON
import TestSupport
import Testing

@testable import TWSSimulator

/// Action logs: what is recorded, and that a replay leads to the same plan.
@Suite(.timeLimit(.minutes(3))) struct ReplayTests {
    /// A shift of an operator: actions of many kinds, one of them refused.
    private func shift(_ driver: SimulatorDriver) throws {
        driver.advance(3 * 3600 + 2)
        let running = try driver.job(.exec)
        let failed = try driver.job(.abend)
        let waiting = try driver.job(.hold) { driver.engine.streams[$0.stream].scheduledAt > 40_000 }
        let agent = driver.engine.workstations[4].id
        #expect(driver.put("plan/job/\(running.id)/action/kill").status == 200)
        #expect(driver.put("plan/job/\(failed.id)/action/kill").status == 400)
        driver.advance(1)
        #expect(driver.put("plan/job/run/\(failed.run.id)/action/rerun", body: "{\n\"priority\": 77}").status == 200)
        #expect(driver.put("plan/job/\(waiting.id)/action/hold").status == 200)
        driver.advance(31)
        #expect(driver.put("plan/job/\(waiting.id)/action/update-priority?priority=5").status == 200)
        #expect(driver.put("plan/workstation/\(agent)/action/update-limit?limit=1").status == 200)
        let job = #"{"workstationKey":"/AGT003","task":{"UNIX":{"taskString":"sleep 90; exit 4"}},"jobName":"MINE"}"#
        for _ in 0..<2 { #expect(driver.post("plan/job/submit-ad-hoc-job", body: job).status == 200) }
        driver.advance(3600)
        let filter = "oql=jobruns.commonStatus%20%3D%20%27ERROR%27&max_object_affected=100"
        #expect(driver.put("plan/job/action/rerun?\(filter)", body: "{}").status == 200)
        let model = driver.engine.parameters.id("jsd|7")
        #expect(driver.post("plan/jobstream/\(model)/submit", body: #"{"alias":"AGAIN"}"#).status == 200)
        try driver.force(try driver.job(.hold) { $0.id != waiting.id }, .fail)
        driver.advance(3600)
    }

    private func record(_ driver: SimulatorDriver) throws -> ActionRecord {
        try #require(driver.simulator.withState { state, _ in state.takeRecord() })
    }

    @Test func `a replay of what was recorded leads to the same plan`() throws {
        let driver = SimulatorDriver { $0.recordFile = "unused" }
        try self.shift(driver)
        let record = try self.record(driver)
        #expect(record.beginsAgain)
        // The refused kill is not in it; the reruns by a filter are one request.
        #expect(record.entries.count == 10)
        let text = record.entries.flatMap(\.line)
        let replay = try ActionLog.entries(in: text)
        #expect(replay.map(\.virtualSeconds) == record.entries.map(\.virtualSeconds))
        let end = driver.simulator.withState { state, real in state.now(real) }

        // At once, or in steps that have nothing to do with those of the shift.
        for step in [end, 777] {
            let again = SimulatorDriver {
                $0.replay = replay
                $0.recordFile = "unused"
            }
            for _ in 0..<(end / step) { again.advance(step) }
            again.advance(end % step)
            for path in ["plan/job", "plan/jobstream", "plan/workstation"] {
                #expect(again.get(path).bytes == driver.get(path).bytes, "\(path) in steps of \(step) s")
            }
            #expect(try ActionLog.entries(in: self.record(again).entries.flatMap(\.line)) == replay)
        }
    }

    @Test func `a reset begins the record and the replay again`() throws {
        let driver = SimulatorDriver { $0.recordFile = "unused" }
        try self.shift(driver)
        let entries = try self.record(driver).entries
        let again = SimulatorDriver {
            $0.replay = entries
            $0.recordFile = "unused"
            $0.startVirtual = 6 * 3600
        }
        #expect(try self.record(again).entries.count == entries.count)
        try again.simulator.withState { (state, real) throws(ConfigurationError) in
            try state.reset(.object([]), real: real)
        }
        let record = try self.record(again)
        #expect(record.beginsAgain && record.entries.count == entries.count)
        #expect(again.simulator.withState { state, _ in state.takeRecord() } == nil)
    }

    @Test func `a running simulator writes its log, and another carries it out`() async throws {
        try await TemporaryDirectory.with { directory in
            let file = directory.file("actions.log")
            var configuration = SimulatorConfiguration()
            (configuration.port, configuration.adminPort, configuration.speed) = (0, 0, 0)
            configuration.plainHTTP = true
            configuration.plan.streams = 40
            configuration.recordFile = file
            let server = SimulatorServer(configuration: configuration)
            try await server.start()
            let job = server.jobs(in: .hold)[0]
            let target = "/twsd/api/v2/plan/job/\(job)/action/hold"
            let held = try await RawConnection.send(RawConnection.request(target, method: "PUT"), to: server.port)
            #expect(held.status == 200)
            try server.force(job: server.jobs(in: .hold)[1], status: .abend, returnCode: 3)
            await server.shutdown()
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.split(separator: "\n").count == 2)
            #expect(text.hasPrefix(#"{"virtualSeconds":0,"method":"PUT","target":"\#(target)"}"#))

            var replaying = SimulatorConfiguration()
            replaying.plan.streams = 40
            replaying.speed = 0
            try replaying.apply(["replay": .string(file)])
            let again = SimulatorDriver { $0 = replaying }
            again.advance(5)
            #expect(try again.get("plan/job/\(job)").json()["lastRunCommonStatus"] == "HELD")
            #expect(again.engine.jobs.contains { $0.run.returnCode == 3 && $0.run.status == .abend })
        }
    }

    @Test(arguments: [
        ("{", "replay (line 1)"), (#"{"method":"PUT"}"#, "replay (line 1).virtualSeconds"),
        (#"{"virtualSeconds":1,"method":"GET","target":"/twsd/api/v2/plan/job"}"#, "replay (line 1).target"),
        (#"{"virtualSeconds":1,"method":"PUT","target":"/twsd/api/v2/plan/nothing"}"#, "replay (line 1).target"),
        (#"{"virtualSeconds":1,"method":"POST","target":"/sim/job/x/force","body":[]}"#, "replay (line 1).body"),
        (#"{"virtualSeconds":1,"method":"POST","target":"/sim/job/x/force","other":1}"#, "replay (line 1).other"),
        (
            #"{"virtualSeconds":9,"method":"POST","target":"/sim/job/x/force"}"# + "\n\n"
                + #"{"virtualSeconds":8,"method":"POST","target":"/sim/job/x/force"}"#,
            "replay (line 3).virtualSeconds"
        ),
    ])
    func `a log that makes no sense is refused with its line`(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try ActionLog.entries(in: Array(text.utf8)) }
        #expect(error?.path == path)
    }
}
