import JSON
import Testing

@testable import TWSSimulator

/// The surface tests and demonstrations control the simulator with.
@Suite struct AdminTests {
    private let server: SimulatorServer
    private let surface: AdminSurface

    init() {
        var configuration = SimulatorConfiguration()
        configuration.speed = 0
        configuration.plan.streams = 60
        self.server = SimulatorServer(configuration: configuration)
        self.surface = AdminSurface(server: self.server)
    }

    private func send(_ method: String, _ target: String, _ body: String = "") throws -> (status: Int, json: JSONValue)
    {
        let request = SimulatorRequest(node: 0, method: method, target: target, headers: [], body: Array(body.utf8))
        let reply = self.surface.exchange(request).reply
        guard case .bytes(let bytes) = reply.body else { return (reply.status, .null) }
        return (reply.status, try JSONValue(parsing: bytes))
    }

    @Test func `the clock can be moved, set and sped up, and the state tells it`() throws {
        #expect(try self.send("GET", "/sim/state").json["tick"]?.int == 0)
        #expect(try self.send("POST", "/sim/clock", #"{"advanceSeconds":3600}"#).json["tick"]?.int == 3600)
        let state = try self.send("POST", "/sim/clock", #"{"setSeconds":7200}"#).json
        #expect(state["virtualTime"] == "2026-01-15T02:00:00Z")
        let jobs = try #require(state["jobs"]?.int)
        let counted = state["counts"]?["jobs"]?.fields?.reduce(0) { $0 + ($1.value.int ?? 0) }
        #expect(counted == jobs)
        #expect(try self.send("POST", "/sim/clock", #"{"setSeconds":60}"#).json["tick"]?.int == 7200)
        #expect(try self.send("POST", "/sim/clock", #"{"speed":-1}"#).status == 400)
        #expect(try self.send("POST", "/sim/clock", #"{"spede":1}"#).status == 400)
        #expect(try self.send("POST", "/sim/clock", "nonsense").status == 400)
    }

    @Test func `rules are added, replaced, read and removed`() throws {
        #expect(try self.send("POST", "/sim/faults", #"{"id":"a","effect":"hang"}"#).status == 200)
        #expect(try self.send("POST", "/sim/faults", #"{"effect":"reload"}"#).status == 200)
        #expect(
            try self.send("GET", "/sim/faults").json["faults"]?.array?.compactMap { $0["effect"]?.string } == [
                "hang", "reload",
            ]
        )
        #expect(try self.send("PUT", "/sim/faults/a", #"{"effect":"stale"}"#).status == 200)
        #expect(try self.send("GET", "/sim/faults/a").json["faults"]?[0]?["effect"] == "stale")
        #expect(try self.send("DELETE", "/sim/faults/a").json["faults"]?.array?.count == 1)
        #expect(try self.send("PUT", "/sim/faults", #"[{"effect":"status","parameters":{"code":1}}]"#).status == 400)
        #expect(try self.send("GET", "/sim/faults").json["faults"]?.array?.count == 1)
        #expect(try self.send("DELETE", "/sim/faults").json["faults"]?.array?.isEmpty == true)
        #expect(try self.send("PATCH", "/sim/faults").status == 405)
        for method in ["GET", "DELETE"] { #expect(try self.send(method, "/sim/faults/none").status == 404) }
        for path in ["state", "clock", "reset", "golden", "requests", "event"] {
            #expect(try self.send("PUT", "/sim/\(path)").status == 405)
        }
    }

    @Test func `a job is forced while time stands still`() throws {
        let engine = self.server.simulator.withState { state, _ in state.engine }
        let job = engine.jobs[3]
        let body = #"{"status":"ABEND","rc":77}"#
        #expect(try self.send("POST", "/sim/job/\(job.id)/force", body).json["counts"]?["jobs"]?["ERROR"]?.int == 1)
        let forced = self.server.simulator.withState { state, _ in state.engine.jobs[3].run }
        #expect(forced.returnCode == 77 && forced.startedAt == 0 && forced.endedAt == 0)
        for body in [#"{"status":"DONE"}"#, "{}", #"{"status":"SUCC","rc":"0"}"#, #"{"status":"SUCC","code":0}"#] {
            #expect(try self.send("POST", "/sim/job/\(job.id)/force", body).status == 400)
        }
        #expect(try self.send("POST", "/sim/job/unknown/force", body).status == 404)
    }

    @Test(arguments: JobStatus.allCases)
    func `a job can be forced into every status and the plan goes on`(status: JobStatus) async throws {
        let engine = self.server.simulator.withState { state, _ in state.engine }
        for job in engine.jobs.prefix(5) { try self.server.force(job: job.id.description, status: status) }
        // Five jobs of the first stream, whose time comes at 05:52.
        await self.server.advance(seconds: 28_800)
        let after = self.server.simulator.withState { state, _ in state.engine }
        #expect(after.lastTick == 28_800)
        for (place, workstation) in after.workstations.enumerated() {
            #expect(workstation.running == after.jobs.count { $0.workstation == place && $0.run.status.isRunning })
        }
    }

    @Test func `a reset begins again, with another seed if asked to`() throws {
        _ = try self.send("POST", "/sim/clock", #"{"advanceSeconds":3600}"#)
        let state = try self.send("POST", "/sim/reset", #"{"seed":43,"config":{"streams":5}}"#).json
        #expect(state["tick"]?.int == 0 && state["seed"]?.int == 43)
        #expect(self.server.simulator.withState { state, _ in state.engine.streams.count } == 5)
        #expect(try self.send("POST", "/sim/reset", #"{"config":{"streams":"many"}}"#).status == 400)
    }

    @Test func `requests are remembered with what became of them`() throws {
        let request = SimulatorRequest(
            node: 0,
            method: "GET",
            target: "/twsd/api/v2/engine/info?x=1",
            headers: [],
            body: []
        )
        for _ in 0..<3 { self.server.simulator.finish(self.server.simulator.exchange(request), request: request) }
        let records = try #require(try self.send("GET", "/sim/requests?last=2").json["requests"]?.array)
        #expect(records.count == 2)
        #expect(records[0]["path"] == "/twsd/api/v2/engine/info?x=1" && records[0]["status"]?.int == 401)
        #expect(try self.send("GET", "/sim/requests?last=0").status == 400)
        #expect(try self.send("GET", "/sim/nothing").status == 404)
    }
}

extension AdminTests {
    @Test func `the golden counts are those of the specification's table`() throws {
        var configuration = SimulatorConfiguration()
        configuration.speed = 0
        let surface = AdminSurface(server: SimulatorServer(configuration: configuration))
        func send(_ method: String, _ target: String, _ body: String = "") throws -> JSONValue {
            let request = SimulatorRequest(node: 0, method: method, target: target, headers: [], body: Array(body.utf8))
            guard case .bytes(let bytes) = surface.exchange(request).reply.body else { return .null }
            return try JSONValue(parsing: bytes)
        }
        let timeline = try #require(try fixture("tws-sim-golden")["timeline"]?.array)
        let point = try #require(timeline.first { $0["hour"]?.int == 3 })
        _ = try send("POST", "/sim/clock", #"{"setSeconds":10800}"#)
        let counts = try #require(try send("GET", "/sim/golden")["counts"])
        for group in ["jobs", "internal", "jobStreams"] {
            let expected = try #require(point[group]?.fields)
            #expect(!expected.isEmpty)
            for field in expected { #expect(counts[group]?[field.name] == field.value, "\(group) \(field.name)") }
        }
    }

    @Test func `tests in the same process set faults and find jobs without the surface`() async throws {
        let server = self.server
        try await server.setFaults(parsing: #"[{"id":"x","effect":"hang"}]"#)
        #expect(server.simulator.withState { state, _ in state.faults.rules.map(\.id) } == ["x"])
        await #expect(throws: ConfigurationError.self) { try await server.setFaults(parsing: "{}") }
        await server.advance(seconds: 3600)
        let running = server.jobs(in: .exec)
        #expect(!running.isEmpty)
        try server.force(job: running[0], status: .abend, returnCode: 5)
        #expect(server.jobs(in: .abend).contains(running[0]))
        #expect(server.jobs(in: .exec) == Array(running.dropFirst()))
    }
}
