import JSON
import Testing

@testable import TWSSimulator

/// What is not known of the product, each with every value a client has to expect.
@Suite struct KnobTests {
    private func driver(_ settings: String) throws -> SimulatorDriver {
        let json = try JSONValue(parsing: Array(settings.utf8))
        var configuration = SimulatorConfiguration()
        configuration.startVirtual = 6 * 3600
        try configuration.apply(json)
        return SimulatorDriver { $0 = configuration }
    }

    @Test(arguments: [("READY", "READY"), ("WAITING", "WAITING"), ("HELD", "HELD"), ("BLOCKED", "BLOCKED")])
    func `a job behind a fence has the common status asked for, everywhere`(setting: String, shown: String) throws {
        let driver = try self.driver(#"{"speed":0,"fenceStatus":"\#(setting)"}"#)
        let job = try driver.job(.hold) { $0.priority == 10 && driver.engine.streams[$0.stream].scheduledAt > 40_000 }
        let agent = driver.engine.workstations[job.workstation].id
        #expect(driver.put("plan/workstation/\(agent)/action/update-fence?priority=101").status == 200)
        #expect(driver.put("plan/job/\(job.id)/action/release").status == 200)
        driver.advance(5)
        #expect(try driver.status(job) == (internal: "FENCE", common: shown))
        let json = try driver.get("plan/job/\(job.id)").json()
        #expect(json["jobruns"]?[0]?["commonStatus"]?.string == shown)
        let selected = try driver.get("plan/job", ["oql": "jobruns.compositeStatus.status = 'FENCE'"]).results()
        #expect(selected.contains { $0["id"]?.string == job.id.description })
        let fenced = driver.engine.jobs.count { $0.shownStatus == .fence && $0.priority > 0 }
        let others = driver.engine.jobs.count {
            $0.shownStatus != .fence && driver.engine.commonStatus(of: $0).rawValue == shown
        }
        let counts = try driver.get("plan/job/count", ["plan_filter": "@#@.@", "grouping_filters": "status"]).json()
        #expect(counts["groupedCount"]?[shown]?.int == fenced + others)
    }

    @Test func `more matches than allowed are refused, or the first ones taken`() throws {
        let filter = "oql=jobruns.commonStatus%20%3D%20%27ERROR%27&max_object_affected=3"
        for (setting, status, rerun) in [("reject", 400, 0), ("firstN", 200, 3)] {
            let driver = try self.driver(#"{"speed":0,"exceedMax":"\#(setting)"}"#)
            let rows = try driver.get("plan/job", ["oql": "jobruns.commonStatus = 'ERROR'"]).results()
            let failed = rows.compactMap { $0["id"]?.string }
            #expect(failed.count > 3)
            let answer = driver.put("plan/job/action/rerun?\(filter)", body: "{}")
            #expect(answer.status == status)
            driver.advance(5)
            let again = driver.engine.jobs.filter { $0.run.type == .rerun }.map(\.id.description)
            #expect(again.count == rerun)
            #expect(failed.starts(with: again))
        }
    }

    @Test func `a challenge has the body asked for`() throws {
        for (setting, check) in [("empty", ""), ("html", "<html>"), ("messages", "AWSBEH021E")] {
            let driver = try self.driver(#"{"speed":0,"unauthorizedBody":"\#(setting)"}"#)
            let answer = driver.send("GET", "/twsd/api/v2/engine/info", login: nil)
            #expect(answer.status == 401)
            #expect(answer.header("WWW-Authenticate") == "Basic realm=\"defaultRealm\"")
            #expect(check.isEmpty ? answer.bytes.isEmpty : answer.text.contains(check))
        }
    }

    @Test func `groups are joined with the separator asked for`() throws {
        let driver = try self.driver(#"{"speed":0,"groupSeparator":" | "}"#)
        let query = ["plan_filter": "@#@.@", "grouping_filters": "workstation,status"]
        let groups = try #require(try driver.get("plan/job/count", query).json()["groupedCount"]?.fields)
        #expect(groups.contains { $0.name == "/AGT001 | SUCCESSFUL" })
    }

    @Test func `durations are ISO texts or milliseconds`() throws {
        for (setting, value) in [("iso", JSONValue.string("PT1H24M30S")), ("milliseconds", 5_070_000)] {
            let driver = try self.driver(#"{"speed":0,"durationFormat":"\#(setting)"}"#)
            let job = try driver.get("plan/job", ["limit": "1"]).results()[0]
            #expect(job["jobruns"]?[0]?["timeInfo"]?["estimatedDuration"] == value)
            #expect(job["jobDefinition"]?["estimatedDuration"] == value)
        }
    }

    @Test func `a cancelled job has a status of its own, or the one it had`() throws {
        for (setting, status) in [("CANCL", "CANCL"), ("last", "HOLD")] {
            let driver = try self.driver(#"{"speed":0,"canceledStatus":"\#(setting)"}"#)
            let job = try driver.job(.hold) { driver.engine.streams[$0.stream].scheduledAt > 40_000 }
            #expect(driver.put("plan/job/\(job.id)/action/cancel").status == 200)
            driver.advance(5)
            #expect(try driver.status(job) == (internal: status, common: "CANCELED"))
            driver.advance(86_400)
            #expect(try driver.status(job) == (internal: status, common: "CANCELED"))
        }
    }

    @Test func `the links of pages and answers name the host asked for`() throws {
        let driver = try self.driver(#"{"speed":0,"pageUrlHost":"https://tws.example:443"}"#)
        let next = try driver.get("plan/job", ["limit": "1"]).json()["next"]?.string
        #expect(next?.hasPrefix("https://tws.example:443/twsd/api/v2/plan/job?limit=1") == true)
        let job = try driver.job(.hold)
        let url = try driver.put("plan/job/\(job.id)/action/hold").json()["url"]?.string
        #expect(url == "https://tws.example:443/twsd/api/v2/plan/job/\(job.id)")
    }

    @Test func `the nodes have the names and ports asked for`() throws {
        let nodes = #"[{"name":"PRIMARY","port":4000,"role":"master"},{"name":"SECOND","role":"backup","port":4001}]"#
        let driver = try self.driver(#"{"speed":0,"nodes":\#(nodes)}"#)
        #expect(driver.configuration.port == 4000 && driver.configuration.backupPort == 4001)
        let names = try driver.get("plan/workstation").results().prefix(3).compactMap { $0["name"]?.string }
        #expect(names == ["PRIMARY", "PRIMARY_DWB", "SECOND"])
        try driver.setFaults(#"[{"effect":"status","match":{"node":"SECOND"},"parameters":{"code":503}}]"#)
        #expect(driver.get("engine/info").status == 200)
        #expect(driver.send("GET", "/twsd/api/v2/engine/info", node: 1).status == 503)
    }

    @Test(arguments: [
        (#"{"nodes":[]}"#, "nodes"), (#"{"nodes":[{"role":"backup"}]}"#, "nodes"),
        (#"{"nodes":[{"role":"master"},{"role":"master"}]}"#, "nodes[1].role"),
        (#"{"nodes":[{"role":"master","name":"A B"}]}"#, "nodes[0].name"),
        (#"{"nodes":[{"role":"master","name":"X"},{"role":"backup","name":"X"}]}"#, "nodes"),
        (#"{"seed":-1}"#, "seed"), (#"{"seed":"18446744073709551616"}"#, "seed"),
        (#"{"startOfDay":"6"}"#, "startOfDay"),
        (#"{"tokens":[{"jwt":"x"}]}"#, "tokens[0].user"), (#"{"exceedMax":"some"}"#, "exceedMax"),
    ])
    func `a setting that makes no sense is refused with its place and what was given`(json: String, path: String) throws
    {
        let error = #expect(throws: ConfigurationError.self) { try SimulatorConfiguration(parsing: Array(json.utf8)) }
        #expect(error?.path == path)
        #expect(error?.description.contains("expected") == true)
    }

    @Test func `a seed may have all 64 bits`() throws {
        let configuration = try SimulatorConfiguration(parsing: Array(#"{"seed":"18446744073709551615"}"#.utf8))
        #expect(configuration.plan.seed == .max)
    }
}
