import JSON
import Testing

@testable import TWSSimulator

/// What every request has in common, job logs, plan days and the configuration.
@Suite struct RequestTests {
    private let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }

    @Test(arguments: [nil, "resync:wrong", "nobody:resync", "resync"])
    func `without valid credentials the answer is a challenge without a body`(login: String?) {
        for target in ["/twsd/api/v2/engine/info", "/twsd/nothing"] {
            let answer = self.driver.send("GET", target, login: login)
            #expect(answer.status == 401)
            #expect(answer.header("WWW-Authenticate") == "Basic realm=\"defaultRealm\"")
            #expect(answer.bytes.isEmpty)
        }
    }

    @Test func `credentials that are none at all are refused too`() {
        for header in ["Basic", "Basic ???", "Basic /////w==", "Bearer ", "Digest x"] {
            let headers = [("Authorization", header)]
            #expect(self.driver.send("GET", "/twsd/api/v2/engine/info", headers, login: nil).status == 401)
        }
    }

    @Test func `unknown paths, wrong methods and wrong types have their own answers`() {
        let unknown = self.driver.get("plan/nothing")
        #expect(unknown.status == 404)
        #expect(unknown.text == "<html><body>Error 404</body></html>")
        let method = self.driver.send("DELETE", "/twsd/api/v2/plan/job")
        #expect(method.status == 405)
        #expect(method.header("Allow") == "GET")
        let job = self.driver.engine.jobs[0]
        let hold = "/twsd/api/v2/plan/job/\(job.id)/action/hold"
        #expect(self.driver.send("PUT", hold, [("Content-Type", "text/plain")], body: "{}").status == 415)
        #expect(self.driver.put("plan/job/run/\(job.run.id)/action/rerun").status == 415)
        let lenient = SimulatorDriver { $0.strictContentType = false }
        #expect(lenient.put("plan/job/run/\(job.run.id)/action/rerun").status == 400)
        #expect(self.driver.get("plan/job/%FF").status == 404)
        #expect(self.driver.get("plan/job/00000000-0000-3000-8000-000000000000").status == 404)
        #expect(self.driver.get("plan/job", ["plan_id": "archived"]).status == 404)
    }

    @Test func `errors have the body the configuration asks for`() {
        for (form, check) in [("messages", "AWSJDB101E"), ("html", "<html>"), ("empty", "")] {
            let driver = SimulatorDriver { configuration in
                configuration.errorBody = SimulatorConfiguration.ErrorBody(rawValue: form) ?? .messages
            }
            let answer = driver.get("plan/job/unknown")
            #expect(answer.status == 404)
            #expect(check.isEmpty ? answer.bytes.isEmpty : answer.text.contains(check))
        }
    }

    // MARK: Job logs

    @Test func `the log of a run that goes on has a head and a line for each ten seconds`() throws {
        let job = self.driver.engine.jobs[0]
        let log = self.driver.get("plan/job/run/\(job.run.id)/joblog")
        let lines = log.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            Array(lines[0..<8]) == [
                String(repeating: "=", count: 63),
                "= JOB       : /AGT002#JS00000[(0552 01/15/26),(0AAAAAAAAAAAAAAA)].JOB00000_000",
                "= USER      : batch", "= TASK      : /opt/batch/run.sh JOB00000_000", "= AGENT     : AGT002",
                "= Job Number: \(job.run.jobNumber ?? 0)", "= Thu 2026-01-15 05:52:00 UTC",
                String(repeating: "=", count: 63),
            ]
        )
        #expect(lines[8].hasPrefix("05:52:00 step 1 of 543 rows="))
        #expect(lines[8 + 47].hasPrefix("05:59:50 step 48 of 543 rows="))
        #expect(lines.count == 8 + 48 + 1)
    }

    @Test func `the log of a failed run names the code, and parts of it can be had`() throws {
        let job = try self.driver.job(.abend)
        let path = "plan/job/run/\(job.run.id)/joblog"
        let lines = self.driver.get(path).text.split(separator: "\n").map(String.init)
        let code = try #require(job.run.returnCode)
        #expect(lines.contains("ERROR simulated failure code \(code)"))
        #expect(lines.contains("= Exit Status           : \(code)"))
        let part = self.driver.get(path, ["from_line": "2", "to_line": "4"]).text
        #expect(part.split(separator: "\n").map(String.init) == Array(lines[1...3]))
        let content = self.driver.get(path, ["contentOnly": "true"]).text
        #expect(content.split(separator: "\n").map(String.init) == lines.dropFirst(8).dropLast(7))
        #expect(self.driver.get(path, ["from_line": "9", "to_line": "3"]).text.isEmpty)
        #expect(self.driver.get(path, ["from_line": "0"]).status == 400)
        #expect(self.driver.get(path, [:], [("Accept", "application/json")]).status == 406)
        #expect(self.driver.get(path, [:], [("Accept", "application/json, */*;q=0.1")]).status == 200)
    }

    @Test func `a run that never started has no log`() throws {
        #expect(self.driver.get("plan/job/run/\(try self.driver.job(.hold).run.id)/joblog").status == 404)
        #expect(self.driver.get("plan/job/run/\(try self.driver.job(.fail).run.id)/joblog").status == 404)
    }

    // MARK: Plan days

    @Test func `a new day carries forward what is unfinished and may be, and draws the rest anew`() throws {
        let driver = SimulatorDriver { $0.plan.rollover = true }
        driver.advance(86_395)
        let before = driver.engine
        let unfinished = before.streams.indices.filter { !before.isDone($0) }
        let carried = unfinished.filter { before.streams[$0].carryForward }
        #expect(!carried.isEmpty && carried.count < unfinished.count)
        driver.advance(5)
        let after = driver.engine
        #expect(after.streams.count == carried.count + 200)
        #expect(after.streams.prefix(carried.count).map(\.id) == carried.map { before.streams[$0].id })
        #expect(after.streams[carried.count].id == after.parameters.id("d1|js|0"))
        #expect(Set(after.jobs.map(\.id)).count == after.jobs.count)
        let stream = try driver.get("plan/jobstream/\(before.streams[carried[0]].id)").json()
        #expect(stream["jsDefinitionFlags"]?["carriedForward"]?.bool == true)
        #expect(try driver.get("plan/job", ["limit": "1"]).json()["count"]?.int == 0)
        driver.advance(3600)
        #expect(try driver.get("plan/job", ["limit": "1"]).json()["count"]?.int == after.jobs.count)
        #expect(try driver.get("plan/job", ["oql": "jobruns.commonStatus = 'RUNNING'"]).json()["count"]?.int ?? 0 > 0)
        for workstation in driver.engine.workstations.indices {
            let running = driver.engine.jobs.count { $0.workstation == workstation && $0.run.status.isRunning }
            #expect(running == driver.engine.workstations[workstation].running)
        }
    }

    @Test func `an ad-hoc job submitted just before midnight is not lost`() throws {
        let driver = SimulatorDriver { $0.plan.rollover = true }
        driver.advance(86_396)
        let body = #"{"workstationKey":"/AGT001","task":{"UNIX":{"taskString":"sleep 60"}}}"#
        let id = try #require(try driver.post("plan/job/submit-ad-hoc-job", body: body).json()["id"]?.string)
        driver.advance(4)
        #expect(try driver.get("plan/job/\(id)").json()["lastRunCompositeStatus"]?["status"] == "INTRO")
    }

    // MARK: Configuration

    @Test func `a configuration file sets what it names and keeps the rest`() throws {
        let json = """
            {"seed":7,"streams":20,"planDate":"2026-02-28","startOfDay":"06:30","idStyle":"composite","errorBody":"html",
             "users":[{"name":"a","password":"b"}],"tokens":[{"jwt":"t","user":"a"}],"durationFormat":"milliseconds",
             "faults":[{"effect":"hang"}],"certificate":"expired","tlsMinimum":"1.3","canceledStatus":"last"}
            """
        let configuration = try SimulatorConfiguration(parsing: Array(json.utf8))
        #expect(configuration.plan.seed == 7 && configuration.plan.streams == 20 && configuration.plan.agents == 8)
        #expect(configuration.plan.instant(0).text == "2026-02-28T06:30:00Z")
        #expect(configuration.knobs.compositeIDs && configuration.knobs.durationsInMilliseconds)
        #expect(configuration.users == [.init(name: "a", password: "b")])
        #expect(configuration.faults.count == 1)
        #expect(configuration.certificateFlaw == .expired && configuration.requiresTLS13)
        #expect(!configuration.plan.canceledHasOwnStatus)
        #expect(configuration.port == 31_116)
    }

    @Test(arguments: [
        (#"{"streams":0}"#, "streams"), (#"{"stream":5}"#, "stream"), (#"{"seed":"x"}"#, "seed"),
        (#"{"planDate":"2026-02-30"}"#, "planDate"), (#"{"users":[{"name":"a"}]}"#, "users[0].password"),
        (#"{"idStyle":"long"}"#, "idStyle"), (#"{"faults":[{}]}"#, "faults[0].effect"),
    ])
    func `a configuration that makes no sense is refused with its place`(json: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try SimulatorConfiguration(parsing: Array(json.utf8)) }
        #expect(error?.path == path)
    }

    @Test func `durations and instants are written as the product writes them`() {
        for (seconds, text) in [
            (0, "PT0S"), (59, "PT59S"), (60, "PT1M"), (3600, "PT1H"), (5070, "PT1H24M30S"), (90_000, "PT25H"),
        ] {
            #expect(PlanDuration(seconds: seconds).text == text)
            #expect(PlanDuration(text)?.seconds == seconds)
        }
        for text in ["", "P", "PT", "PT5", "5S", "PT5X", "P5S", "PTT5S"] { #expect(PlanDuration(text) == nil) }
        for day in stride(from: -1_000_000, through: 1_000_000, by: 997) {
            #expect(PlanDate(daysSinceEpoch: day).daysSinceEpoch == day)
        }
        #expect(PlanDate("2024-02-29") != nil && PlanDate("2023-02-29") == nil)
    }
}
