import JSON
import Testing

@testable import TWSSimulator

/// Faults as far as they can be seen before the wire.
@Suite struct FaultTests {
    private let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }

    @Test func `the first matching rule of a category counts, rules of others join it`() throws {
        try self.driver.setFaults(
            """
            [{"id":"a","effect":"status","match":{"path":"/plan/job$"},"parameters":{"code":503,"retryAfter":7}},
             {"id":"b","effect":"status","parameters":{"code":500,"body":"html"}},
             {"id":"c","effect":"latency","parameters":{"fixedMs":250}}]
            """
        )
        let first = self.driver.get("plan/job")
        #expect(first.status == 503)
        #expect(first.header("Retry-After") == "7")
        #expect(first.exchange.delaySeconds == 0.25)
        let second = self.driver.get("plan/resource")
        #expect(second.status == 500)
        #expect(second.text.hasPrefix("<html>"))
    }

    @Test func `matching looks at node, method, path, user and counters`() throws {
        func statuses(_ match: String, _ send: () -> SimulatorDriver.Answer, count: Int = 6) throws -> [Int] {
            let id = "rule\(match.hashValue)"
            try self.driver.setFaults(
                #"[{"id":"\#(id)","effect":"status","match":{\#(match)},"parameters":{"code":503}}]"#
            )
            return (0..<count).map { _ in send().status }
        }
        let get = { self.driver.get("plan/resource") }
        #expect(try statuses(#""after":2,"first":2"#, get) == [200, 200, 503, 503, 200, 200])
        #expect(try statuses(#""every":3"#, get) == [503, 200, 200, 503, 200, 200])
        #expect(try statuses(#""method":"PUT""#, get, count: 1) == [200])
        #expect(try statuses(#""user":"somebody""#, get, count: 1) == [200])
        #expect(try statuses(#""user":"resync""#, get, count: 1) == [503])
        #expect(try statuses(#""node":"BKM1""#, get, count: 1) == [200])
        let backup = { self.driver.send("GET", "/twsd/api/v2/plan/resource", node: 1) }
        #expect(try statuses(#""node":"BKM1""#, backup, count: 1) == [503])
        #expect(try statuses(#""virtualWindow":[0,21599]"#, get, count: 1) == [200])
        #expect(try statuses(#""virtualWindow":[21600,21700]"#, get, count: 1) == [503])
    }

    @Test func `chance repeats exactly and keeps its proportion`() throws {
        func statuses() throws -> [Int] {
            let driver = SimulatorDriver { $0.plan.streams = 1 }
            try driver.setFaults(
                #"[{"id":"p","effect":"status","match":{"probability":0.25},"parameters":{"code":500}}]"#
            )
            return (0..<400).map { _ in driver.get("engine/info").status }
        }
        let first = try statuses()
        #expect(try statuses() == first)
        #expect((60...140).contains(first.count { $0 == 500 }))
    }

    @Test func `expired tokens and cookies are refused, a password is not`() throws {
        let driver = SimulatorDriver {
            $0.tokens = [
                .init(text: "a.b.c", user: "robot"),
                .init(text: "old", user: "robot", expiresAt: PlanInstant("2026-01-15T00:00:00Z")),
            ]
            $0.ltpaMinutes = 120
        }
        func info(_ headers: [(String, String)], login: String? = nil) -> SimulatorDriver.Answer {
            driver.send("GET", "/twsd/api/v2/engine/info", headers, login: login)
        }
        #expect(info([("Authorization", "Bearer a.b.c")]).status == 200)
        #expect(info([("Authorization", "Bearer old")]).status == 401)
        let cookie = try #require(info([], login: "resync:resync").header("Set-Cookie"))
        #expect(cookie.hasSuffix("; Path=/; Secure; HttpOnly"))
        let pair = String(cookie.prefix { $0 != ";" })
        #expect(info([("Cookie", "other=1; \(pair)")]).status == 200)
        try driver.setFaults(#"[{"effect":"auth","match":{"after":1,"first":1},"parameters":{"expire":true}}]"#)
        #expect(info([("Authorization", "Bearer a.b.c")]).status == 200)
        #expect(info([("Authorization", "Bearer a.b.c")]).status == 401)
        #expect(info([("Cookie", pair)]).status == 401)
        #expect(info([], login: "resync:resync").status == 200)
        try driver.setFaults("[]")
        #expect(info([("Authorization", "Bearer a.b.c")]).status == 200)
        driver.advance(120 * 60)
        #expect(info([("Cookie", pair)]).status == 401)
    }

    @Test func `a user can be revoked and the engine's clock be wrong`() throws {
        try self.driver.setFaults(#"[{"effect":"auth","parameters":{"revokeUser":"resync"}}]"#)
        #expect(self.driver.get("engine/info").status == 401)
        try self.driver.setFaults(#"[{"effect":"auth","parameters":{"clockSkewSeconds":-60}}]"#)
        #expect(self.driver.get("engine/info").exchange.date == "Thu, 15 Jan 2026 05:59:00 GMT")
        let driver = SimulatorDriver {
            $0.tokens = [.init(text: "t", user: "robot", expiresAt: PlanInstant("2026-01-15T01:00:00Z"))]
        }
        let bearer = [("Authorization", "Bearer t")]
        #expect(driver.send("GET", "/twsd/api/v2/engine/info", bearer, login: nil).status == 200)
        try driver.setFaults(#"[{"effect":"auth","parameters":{"clockSkewSeconds":3600}}]"#)
        #expect(driver.send("GET", "/twsd/api/v2/engine/info", bearer, login: nil).status == 401)
    }

    @Test func `pages that do not fit together shift, repeat, miscount and lead nowhere`() throws {
        func page(_ parameters: String) throws -> JSONValue {
            try self.driver.setFaults(#"[{"effect":"paging","parameters":{\#(parameters)}}]"#)
            return try self.driver.get("plan/job", ["limit": "5", "offset": "10"]).json()
        }
        func names(_ page: JSONValue) -> [String] { page["results"]?.array?.compactMap { $0["name"]?.string } ?? [] }
        let usual = names(try page(""))
        #expect(names(try page(#""shiftRows":2"#)).dropLast(2) == usual.dropFirst(2))
        #expect(names(try page(#""duplicateRows":2"#)) == usual + usual.prefix(2))
        #expect(try page(#""wrongCount":true"#)["count"]?.int != 1515)
        #expect(
            try page(#""internalHost":true"#)["next"]?.string?.hasPrefix("https://internal-mdm:31116/twsd/") == true
        )
    }

    @Test(arguments: FaultEffect.Corruption.allCases)
    func `a corruption changes the answer in its own way`(kind: FaultEffect.Corruption) throws {
        let usual = self.driver.get("plan/job", ["limit": "1"])
        try self.driver.setFaults(#"[{"effect":"corrupt","parameters":{"kind":"\#(kind.rawValue)"}}]"#)
        let answer = self.driver.get("plan/job", ["limit": "1"])
        func changed() throws -> JSONValue { try #require(try answer.json()["results"]?[0]) }
        switch kind {
        case .wrongContentType: #expect(answer.header("Content-Type") == "text/html")
        case .falseGzip: #expect(answer.header("Content-Encoding") == "gzip" && answer.bytes == usual.bytes)
        case .invalidUTF8: #expect(String(validating: answer.bytes, as: UTF8.self) == nil)
        case .brokenJSON: #expect(throws: JSONError.self) { try answer.json() }
        case .duplicateKeys: #expect(try changed().fields?.count { $0.name == "id" } == 2)
        case .unknownEnum: #expect(try changed()["lastRunCommonStatus"] == "XSTAT")
        case .unknownFields: #expect(try changed()["xUnknown"] == ["deep": [1, nil]])
        case .nullInsteadOfMissing: #expect(try changed()["cpuTime"] == JSONValue.null)
        case .numberAsText: #expect(try changed()["priority"] == "10")
        }
    }

    @Test func `mirrored reads lag behind what operators do, and can stand still`() throws {
        let driver = SimulatorDriver {
            $0.startVirtual = 6 * 3600
            $0.mirrorLagSeconds = 30
        }
        driver.advance(60)
        let job = try driver.job(.hold) { driver.engine.streams[$0.stream].scheduledAt > 40_000 }
        #expect(driver.put("plan/job/\(job.id)/action/hold").status == 200)
        driver.advance(20)
        #expect(try driver.status(job).common == "WAITING")
        driver.advance(15)
        #expect(try driver.status(job).common == "HELD")
        try driver.setFaults(#"[{"effect":"stale"}]"#)
        #expect(driver.put("plan/job/\(job.id)/action/release").status == 200)
        driver.advance(3600)
        #expect(try driver.status(job).common == "HELD")
        try driver.setFaults(#"[{"effect":"stale","parameters":{"mirrorLagSeconds":0}}]"#)
        #expect(try driver.status(job).common != "HELD")
    }

    @Test func `a reload lets the lists shrink and grow back`() throws {
        try self.driver.setFaults(#"[{"effect":"reload"}]"#)
        func rows() throws -> Int? { try self.driver.get("plan/job", ["limit": "1"]).json()["count"]?.int }
        #expect(try rows() == 0)
        self.driver.advance(30)
        #expect(try rows() == 757)
        #expect(try self.driver.get("plan/job/count", ["plan_filter": "@#@.@"]).json()["count"]?.int == 757)
        self.driver.advance(30)
        #expect(try rows() == 1515)
        self.driver.advance(30)
        #expect(try rows() == 1515)
    }

    @Test func `a big log is as big as asked, within its banners`() throws {
        let job = try self.driver.job(.succ)
        let usual = self.driver.get("plan/job/run/\(job.run.id)/joblog")
        try self.driver.setFaults(
            #"[{"effect":"bigLog","parameters":{"bytes":1000000,"lineLength":1000,"invalidBytes":true}}]"#
        )
        let log = self.driver.get("plan/job/run/\(job.run.id)/joblog")
        #expect(log.bytes.count == usual.bytes.count + 1_000_000 + 4)
        #expect(String(validating: log.bytes, as: UTF8.self) == nil)
        let lines = log.text.split(separator: "\n")
        #expect(lines[1].hasPrefix("= JOB"))
        #expect(lines[8].utf8.count == 999)
        try self.driver.setFaults(#"[{"effect":"bigLog","parameters":{"lines":7,"lineLength":50}}]"#)
        let few = self.driver.get("plan/job/run/\(job.run.id)/joblog")
        #expect(few.bytes.count == usual.bytes.count + 350)
    }

    @Test func `more requests at once than allowed are refused`() throws {
        try self.driver.setFaults(#"[{"effect":"concurrency","parameters":{"maxInFlight":2}}]"#)
        let request = SimulatorRequest(
            node: 0,
            method: "GET",
            target: "/twsd/api/v2/engine/info",
            headers: [],
            body: []
        )
        let first = self.driver.simulator.exchange(request)
        let second = self.driver.simulator.exchange(request)
        #expect(self.driver.get("engine/info").status == 503)
        self.driver.simulator.finish(second, request: request)
        #expect(self.driver.get("engine/info").status == 200)
        self.driver.simulator.finish(first, request: request)
    }

    @Test func `queued requests proceed in the order they came, as earlier ones are answered`() throws {
        try self.driver.setFaults(
            #"[{"effect":"concurrency","parameters":{"maxInFlight":2,"overflow":"queue"}}]"#
        )
        let request = SimulatorRequest(node: 0, method: "GET", target: "/twsd/api/v2/x", headers: [], body: [])
        let simulator = self.driver.simulator
        let exchanges = (0..<4).map { _ in simulator.exchange(request) }
        #expect(exchanges.map(simulator.mayProceed) == [true, true, false, false])
        simulator.finish(exchanges[1], request: request)
        #expect(exchanges.map(simulator.mayProceed) == [true, false, true, false])
        simulator.finish(exchanges[0], request: request)
        #expect(exchanges.suffix(2).map(simulator.mayProceed) == [true, true])
        let fifth = simulator.exchange(request)
        #expect(!simulator.mayProceed(fifth))
        try self.driver.setFaults("[]")
        #expect(simulator.mayProceed(fifth))
    }

    @Test(arguments: [true, false])
    func `the forty-sixth job log at once makes all hang, if the fault is in force`(enabled: Bool) throws {
        if enabled { try self.driver.setFaults(#"[{"effect":"concurrency","parameters":{"joblogPool":45}}]"#) }
        let job = try self.driver.job(.succ)
        let target = "/twsd/api/v2/plan/job/run/\(job.run.id)/joblog"
        let request = SimulatorRequest(
            node: 0,
            method: "GET",
            target: target,
            headers: [("authorization", "Basic cmVzeW5jOnJlc3luYw==")],
            body: []
        )
        let exchanges = (0..<46).map { _ in self.driver.simulator.exchange(request) }
        #expect(exchanges.prefix(45).allSatisfy { $0.hangSeconds == nil })
        #expect((exchanges[45].hangSeconds != nil) == enabled)
        for exchange in exchanges { self.driver.simulator.finish(exchange, request: request) }
        #expect((self.driver.send("GET", target).exchange.hangSeconds != nil) == enabled)
        #expect(self.driver.get("engine/info").exchange.hangSeconds == nil)
        self.driver.simulator.withState { state, _ in state.freeJobLogs() }
        #expect(self.driver.send("GET", target).exchange.hangSeconds == nil)
    }

    @Test func `latency varies within its bounds and grows with the rows`() throws {
        func delays(_ parameters: String, _ query: [String: String]) throws -> [Double] {
            try self.driver.setFaults(#"[{"effect":"latency","parameters":{\#(parameters)}}]"#)
            return (0..<50).map { _ in self.driver.get("plan/job", query).exchange.delaySeconds }
        }
        let jitter = try delays(#""fixedMs":10,"jitterMs":20"#, ["limit": "1"])
        #expect(jitter.allSatisfy { $0 >= 0.01 && $0 <= 0.03 } && Set(jitter).count > 10)
        let lognormal = try delays(#""medianMs":20,"p99Ms":200"#, ["limit": "1"]).sorted()
        #expect((0.01...0.04).contains(lognormal[25]))
        let rows = try delays(#""perRowMicros":1000"#, ["limit": "7"])
        #expect(rows.allSatisfy { abs($0 - 0.007) < 1e-9 })
    }

    @Test(arguments: [
        #"[{"effect":"nothing"}]"#, #"[{"id":"x"}]"#, #"[{"effect":"status","parameters":{"code":200}}]"#,
        #"[{"effect":"hang","parameters":{"second":5}}]"#, #"[{"effect":"hang","match":{"probability":2}}]"#,
        #"[{"effect":"hang","match":{"path":"("}}]"#, #"[{"id":"a","effect":"hang"},{"id":"a","effect":"hang"}]"#,
        #"[{"effect":"hang","match":{"virtualWindow":[5,1]}}]"#, #"[{"effect":"auth"}]"#,
        #"[{"effect":"bigLog","parameters":{"lines":1000,"lineLength":1048576}}]"#,
        #"[{"effect":"tls","parameters":{"certificate":"old"}}]"#,
        #"[{"effect":"concurrency","parameters":{"overflow":"wait"}}]"#,
    ])
    func `a rule that makes no sense is refused with its place`(rules: String) throws {
        let list = try #require(try JSONValue(parsing: Array(rules.utf8)).array)
        let error = #expect(throws: ConfigurationError.self) { try FaultRule.rules(list, at: "faults") }
        #expect(error?.path.hasPrefix("faults[") == true)
    }
}
