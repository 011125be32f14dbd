import JSON
import Testing

@testable import TWSSimulator

/// Filters, orders and pages.
@Suite struct QueryTests {
    private let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }

    private func count(_ oql: String, _ path: String = "plan/job") throws -> Int? {
        try self.driver.get(path, ["oql": oql, "limit": "1"]).json()["count"]?.int
    }

    @Test(arguments: [
        ("", 1515), ("jobruns.commonStatus = 'RUNNING'", 26), ("jobruns.commonStatus IN ['ERROR','RUNNING']", 39),
        ("jobruns.commonStatus NOT IN ['ERROR','RUNNING']", 1515 - 39 + 0),
        ("jobruns.commonStatus != 'SUCCESSFUL'", 746),
        ("jobruns.compositeStatus.status = 'PEND'", 7), ("name LIKE 'JOB00000_@'", 9), ("name like 'JOB0000?_000'", 10),
        ("name NOT LIKE 'JOB@'", 0), ("name = 'JOB00000_000' or name = 'JOB00000_001' and name = 'JOB00000_002'", 1),
        ("(name = 'JOB00000_000' OR name = 'JOB00000_001') AND jobOptions.requiresConfirmation = true", 1),
        ("priority >= 0", 1515), ("priority < '50' AND priority > 50", 0), ("jobruns.returnCode = null", 733),
        ("jobruns.timeInfo.actualStartTime >= '2026-01-15T05:52:00Z' AND name = 'JOB00000_000'", 1),
        ("jobruns.timeInfo.actualStartTime > '2026-01-15T05:52:00.000Z' AND name = 'JOB00000_000'", 0),
        ("jobruns.estimatedDuration = 'PT1H24M30S' AND name = 'JOB00000_000'", 1), ("ORDER BY key.name DESC", 1515),
        ("dependencies.jobId = 'b5aca7df-30e9-36c8-a3f6-c02e886b7904'", 1),
    ])
    func `a query selects the jobs it should`(oql: String, expected: Int) throws {
        if oql.contains("NOT IN") {
            // A job whose earlier run failed has more than one value: the negation is that of the whole match.
            let matching = try #require(try self.count("jobruns.commonStatus IN ['ERROR','RUNNING']"))
            #expect(try self.count(oql) == 1515 - matching)
        } else if oql.contains("dependencies.jobId") {
            let engine = self.driver.engine
            let successors = engine.streams[0].jobs.count { engine.jobs[$0].character.predecessors.contains(0) }
            #expect(try self.count(oql) == successors)
        } else if oql.contains("IN [") {
            let engine = self.driver.engine
            let matching = engine.jobs.count { job in
                ([job.run] + job.previousRuns).contains { $0.status.common == .error || $0.status.common == .running }
            }
            #expect(try self.count(oql) == matching)
        } else if oql.contains("returnCode") {
            let engine = self.driver.engine
            #expect(
                try self.count(oql)
                    == engine.jobs.count { ($0.previousRuns + [$0.run]).contains { $0.returnCode == nil } }
            )
        } else if oql.contains("!= 'SUCC") {
            #expect(try self.count(oql) == self.driver.engine.jobs.count { $0.run.status != .succ })
        } else {
            #expect(try self.count(oql) == expected)
        }
    }

    @Test(arguments: [
        "key.name = 'X'", "nothing = 'X'", "name", "name = X", "name = 'X", "name == 'X'", "name = 'X' AND", "AND",
        "(name = 'X'", "name IN 'X'", "name IN []", "name ! 'X'", "ORDER BY", "ORDER BY nothing",
        "ORDER BY jobruns.commonStatus", "name = 'X' ORDER", "name = 'X' name = 'Y'", "priority = 'high'",
        "jobruns.jobNumber > 5", "jobruns.elapsedTime IN ['PT1S']", "dependenciesStats.numberOfDependencies >= 1",
        "jobruns.timeInfo.actualStartTime = 'now'", "Name = 'JOB00000_000'", "name = 'a''b'", "name NOT 'X'",
    ])
    func `a query that is none is refused`(oql: String) throws {
        let answer = self.driver.get("plan/job", ["oql": oql])
        #expect(answer.status == 400)
        #expect(try answer.json()["messages"]?[0]?.string?.hasPrefix("OQL_FILTER_SYNTAX_ERROR") == true)
    }

    @Test func `parentheses without end do not end the simulator`() {
        let oql = String(repeating: "(", count: 100_000) + "name = 'X'"
        #expect(self.driver.get("plan/job", ["oql": oql]).status == 400)
    }

    @Test func `field names ignore case only when told to`() throws {
        let lenient = SimulatorDriver { $0.knobs.fieldsIgnoreCase = true }
        #expect(try lenient.get("plan/job", ["oql": "NAME = 'JOB00000_000'"]).json()["count"]?.int == 1)
    }

    @Test func `rows come in the order asked for, equal ones in the order of the plan`() throws {
        let rows = try self.driver.get("plan/job", ["oql": "ORDER BY priority DESC, jobStreamName ASC"]).results()
        let keys = rows.map {
            (-($0["priority"]?.int ?? 0), $0["jobStreamName"]?.string ?? "", $0["position"]?.int ?? 0)
        }
        for (left, right) in zip(keys, keys.dropFirst()) { #expect(left <= right) }
    }

    @Test func `jobs are ordered and compared by the texts of their ids`() throws {
        func ids(_ oql: String) throws -> [String] {
            try self.driver.get("plan/job", ["oql": oql]).results().compactMap { $0["id"]?.string }
        }
        let sorted = self.driver.engine.jobs.map(\.id.description).sorted()
        #expect(try ids("ORDER BY id ASC") == sorted)
        #expect(try ids("ORDER BY id DESC") == sorted.reversed())
        #expect(try ids("id > '\(sorted[700])' ORDER BY id") == Array(sorted[701...]))
        #expect(try ids("id <= 'b' ORDER BY id") == sorted.filter { $0 <= "b" })
        #expect(try ids("id LIKE '\(sorted[9].prefix(8))@'") == [sorted[9]])
        #expect(try ids("id IN ['\(sorted[1])','\(sorted[0])','none'] ORDER BY id") == Array(sorted[0...1]))
        #expect(try ids("id = '\(sorted[3].uppercased())'").isEmpty)
    }

    @Test func `streams, workstations, resources and the model can be queried`() throws {
        #expect(try self.count("compositeStatus.status = 'STUCK'", "plan/jobstream") == 9)
        #expect(try self.count("commonStatus = 'BLOCKED'", "plan/jobstream") == 9)
        #expect(try self.count("jobStreamStats.numberOfSuccessfulJob = 0", "plan/jobstream") ?? 0 > 0)
        #expect(try self.count("schedTime = '2026-01-15T05:52:00Z' AND name = 'JS00000'", "plan/jobstream") == 1)
        #expect(try self.count("activeStates IN ['MASTER']", "plan/workstation") == 1)
        #expect(try self.count("type = 'FTA'", "plan/workstation") == 2)
        #expect(try self.count("quantity = 5", "plan/resource") == 5)
        #expect(try self.count("name = 'JS00003'", "model/jobstream") == 1)
        #expect(
            try self.count("name LIKE 'JOB00003_@'", "model/jobdefinition") == self.driver.engine.streams[3].jobs.count
        )
    }

    @Test(arguments: [
        ("/@/@#/@/@.@", 1515), ("/@/@#/@/@", 1515), ("@#@.@", 1515), ("/AGT002#/", 248), ("/@/@#/DWH/JS00000.@", 9),
        ("/@/@#/FIN/JS00000.@", 0), ("AGT002#JS00000.JOB00000_00?", 9), ("/@/@#/@/@.@+state=abend", 11),
        ("/AGT00?#/@/@.@+state=EXEC", 26),
    ])
    func `the command line's filter selects the jobs it should`(filter: String, expected: Int) throws {
        for path in ["plan/job", "plan/job/count"] {
            #expect(try self.driver.get(path, ["plan_filter": filter]).json()["count"]?.int == expected, "\(path)")
        }
    }

    @Test(arguments: ["", "AGT001", "a#b#c", "/@/@#/@/@.@+state=never", "/@/@#/@/@.@+colour=red", "@#@.@~state=abend"])
    func `a filter that is none is refused`(filter: String) {
        #expect(self.driver.get("plan/job", ["plan_filter": filter]).status == 400)
    }

    @Test func `a count needs a filter, and a stream's filter names no job`() {
        #expect(self.driver.get("plan/job/count").status == 400)
        #expect(self.driver.get("plan/jobstream/count", ["plan_filter": "/@/@#/@/@.@"]).status == 400)
        let grouping = ["plan_filter": "@#@.@", "grouping_filters": "colour"]
        #expect(self.driver.get("plan/job/count", grouping).status == 400)
    }

    @Test(arguments: ["limit=0", "limit=10001", "limit=x", "offset=-1", "offset=x"])
    func `a page that cannot be is refused`(query: String) {
        #expect(self.driver.send("GET", "/twsd/api/v2/plan/job?\(query)").status == 400)
    }

    @Test func `a page behind the end is empty and leads back`() throws {
        let page = try self.driver.get("plan/job", ["limit": "10", "offset": "5000"]).json()
        #expect(page["results"]?.array?.isEmpty == true)
        #expect(page["next"] == nil)
        #expect(page["previous"] == "https://localhost:31116/twsd/api/v2/plan/job?limit=10&offset=4990")
    }

    @Test func `the links of a page keep its query`() throws {
        let page = try self.driver.get("plan/job", ["limit": "1", "oql": "priority = 10 ORDER BY name"]).json()
        #expect(
            page["next"]
                == "https://localhost:31116/twsd/api/v2/plan/job?limit=1&offset=1&oql=priority%20%3D%2010%20ORDER%20BY%20name"
        )
    }

    @Test func `headers choose what of a job is listed and whether it is counted`() throws {
        let driver = SimulatorDriver { $0.knobs.listDependencies = true }
        func first(_ scope: String) throws -> JSONValue {
            try driver.get("plan/job", ["limit": "2"], [("scope", scope)]).results()[1]
        }
        #expect(try first("WHOLE")["jobDefinition"] != nil)
        #expect(try first("WHOLE")["dependencies"]?.array?.count == 1)
        #expect(try first("WHOLE_NO_JOB_DEFINITIONS")["jobDefinition"] == nil)
        #expect(try first("WHOLE_NO_JOB_DEFINITIONS")["dependencies"] != nil)
        #expect(try first("WHOLE_NO_DEPENDENCIES")["dependencies"] == nil)
        #expect(try first("WHOLE_NO_JOB_DEFINITIONS_AND_NO_DEPENDENCIES")["jobDefinition"] == nil)
        #expect(try driver.get("plan/job", [:], [("Include-Count", "false")]).json()["count"] == nil)
        let off = SimulatorDriver { $0.knobs.countOffIsMinusOne = true }
        #expect(try off.get("plan/job", [:], [("Include-Count", "false")]).json()["count"]?.int == -1)
    }

    @Test func `successors and predecessors are found as deep as asked`() throws {
        let engine = self.driver.engine
        let first = engine.jobs[0]
        let direct = engine.streams[0].jobs.filter { engine.jobs[$0].character.predecessors.contains(0) }
        let one = try self.driver.get("plan/job/\(first.id)/successors").json()
        #expect(one["count"]?.int == direct.count)
        let all = try self.driver.get("plan/job/\(first.id)/successors", ["depth": "100"]).json()
        #expect(all["count"]?.int == 8)
        let names = all["results"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(names).count == 8 && !names.contains(first.name))
        let back = try self.driver.get("plan/job/\(engine.jobs[8].id)/predecessors", ["depth": "100"]).results()
        #expect(back.contains { $0["id"]?.string == first.id.description })
        #expect(self.driver.get("plan/job/\(first.id)/successors", ["depth": "0"]).status == 400)
    }

    @Test func `composite ids name jobs in every call`() throws {
        let driver = SimulatorDriver { $0.knobs.compositeIDs = true }
        let id = try #require(try driver.get("plan/job", ["limit": "1"]).results()[0]["id"]?.string)
        #expect(id == "AGT002;JS00000;JOB00000_000")
        let answer = try driver.put("plan/job/AGT002%3BJS00000%3BJOB00000_000/action/hold").json()
        #expect(answer["url"] == "https://localhost:31116/twsd/api/v2/plan/job/AGT002%3BJS00000%3BJOB00000_000")
        driver.advance(5)
        #expect(try driver.get("plan/job/AGT002%3BJS00000%3BJOB00000_000").json()["lastRunCommonStatus"] == "HELD")
    }
}
