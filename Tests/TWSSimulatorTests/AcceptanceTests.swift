import JSON
import Testing

@testable import TWSSimulator

/// The acceptance checks of the simulator's specification that need more than one request.
@Suite struct AcceptanceTests {
    @Test func `the same requests at the same times give the same bytes`() throws {
        func script() throws -> [[UInt8]] {
            let driver = SimulatorDriver { $0.startVirtual = 3 * 3600 }
            var bodies: [[UInt8]] = []
            bodies.append(driver.get("plan/job", ["limit": "50"]).bytes)
            let running = try driver.job(.exec)
            bodies.append(driver.put("plan/job/\(running.id)/action/kill", body: "{}").bytes)
            bodies.append(
                driver.post(
                    "plan/job/submit-ad-hoc-job",
                    body: #"{"workstationKey":"/AGT003","task":{"UNIX":{"taskString":"sleep 7; exit 3"}}}"#
                ).bytes
            )
            driver.advance(600)
            let abended = try driver.job(.abend)
            bodies.append(driver.put("plan/job/run/\(abended.run.id)/action/rerun", body: "{}").bytes)
            driver.advance(7200)
            for path in ["plan/job", "plan/jobstream", "plan/workstation", "plan/resource", "model/jobstream"] {
                bodies.append(driver.get(path).bytes)
            }
            return bodies
        }
        let first = try script()
        #expect(first.allSatisfy { !$0.isEmpty })
        #expect(try script() == first)
    }

    @Test func `another seed is another plan`() {
        let usual = SimulatorDriver().get("plan/job").bytes
        #expect(usual != SimulatorDriver { $0.plan.seed = 43 }.get("plan/job").bytes)
    }

    @Test func `a sweep that follows the pages sees each job once`() throws {
        let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }
        var target: String? = "/twsd/api/v2/plan/job?limit=500&oql=ORDER%20BY%20name%20DESC"
        var ids: [String] = []
        var pages = 0
        while let next = target {
            let page = try driver.send("GET", next).json()
            ids += page["results"]?.array?.compactMap { $0["id"]?.string } ?? []
            #expect(page["count"]?.int == 1515)
            #expect((page["previous"] != nil) == (pages > 0))
            target = page["next"]?.string.map { String($0.dropFirst("https://localhost:31116".count)) }
            pages += 1
        }
        #expect(pages == 4)
        #expect(ids.count == 1515)
        #expect(Set(ids).count == 1515)
    }

    @Test(arguments: ["status", "workstation", "folder", "workstation,status", "status,folder,workstation"])
    func `the groups of a count add up to it`(grouping: String) throws {
        let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }
        for (path, filter) in [("plan/job/count", "/@/@#/@/@.@"), ("plan/jobstream/count", "/@/@#/@/@")] {
            let json = try driver.get(path, ["plan_filter": filter, "grouping_filters": grouping]).json()
            let groups = try #require(json["groupedCount"]?.fields)
            #expect(groups.reduce(0) { $0 + ($1.value.int ?? 0) } == json["count"]?.int)
            #expect(groups.allSatisfy { $0.name.split(separator: ",").count == grouping.split(separator: ",").count })
        }
    }

    @Test func `a rerun of a failed job is a second run, and its stream goes on when it succeeds`() throws {
        let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }
        let engine = driver.engine
        let place = try #require(
            engine.streams.indices.first { place in
                engine.streamStatus(place, at: 21_600) == .stuck
                    && engine.streams[place].jobs.count { engine.jobs[$0].run.status == .abend } == 1
                    && !engine.streams[place].jobs.contains { engine.jobs[$0].run.status == .fail }
            }
        )
        let job = engine.jobs[try #require(engine.streams[place].jobs.first { engine.jobs[$0].run.status == .abend })]
        let answer = driver.put("plan/job/run/\(job.run.id)/action/rerun", body: #"{"priority":60}"#)
        #expect(answer.status == 200)
        driver.advance(5)
        let json = try driver.get("plan/job/\(job.id)").json()
        let runs = try #require(json["jobruns"]?.array)
        #expect(runs.map { $0["runAttempt"]?.int } == [1, 2])
        #expect(runs.map { $0["rerunType"]?.string } == ["REGULAR", "RERUN"])
        #expect(runs.map { $0["lastInRerunChain"]?.bool } == [false, true])
        #expect(json["priority"]?.int == 60)
        #expect(json["lastRunCompositeStatus"]?["status"]?.string == "INTRO")
        #expect(driver.put("plan/job/run/\(job.run.id)/action/rerun", body: "{}").status == 400)

        let later = try #require(runs[1]["id"]?.string)
        driver.advance(10)
        try driver.force(job, .succ)
        driver.advance(4 * 3600)
        #expect(driver.get("plan/job/run/\(later)/joblog").status == 200)
        let status = try driver.get("plan/jobstream/\(engine.streams[place].id)").json()["compositeStatus"]?["status"]
        #expect(status != "STUCK" && status != "ABEND")
    }

    @Test func `during a failover reads go on, writes fail, and then the backup is master`() throws {
        let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }
        try driver.setFaults(#"[{"id":"f","effect":"failover","parameters":{"failoverSeconds":300,"proxyMs":40}}]"#)
        let job = try driver.job(.hold) { $0.priority > 0 }
        let hold = "/twsd/api/v2/plan/job/\(job.id)/action/hold"
        #expect(driver.simulator.withState { state, _ in state.downNode } == 0)
        let read = driver.send("GET", "/twsd/api/v2/plan/workstation", node: 1)
        #expect(read.status == 200)
        #expect(read.exchange.delaySeconds == 0.04)
        let refused = driver.send("PUT", hold, body: "{}", node: 1)
        #expect(refused.status == 500)
        #expect(refused.text.contains("AWSJCO005E"))
        driver.advance(299)
        #expect(driver.send("PUT", hold, body: "{}", node: 1).status == 500)
        driver.advance(1)
        #expect(driver.send("PUT", hold, body: "{}", node: 1).status == 200)
        let workstations = try driver.send("GET", "/twsd/api/v2/plan/workstation", node: 1).results()
        let masters = workstations.filter { $0["activeStates"]?.array?.contains("MASTER") ?? false }
        #expect(masters.map { $0["name"]?.string } == ["BKM1"])
        #expect(masters.map { $0["type"]?.string } == ["MANAGER"])
        try driver.setFaults("[]")
        #expect(driver.simulator.withState { state, _ in state.downNode } == nil)
    }
}
