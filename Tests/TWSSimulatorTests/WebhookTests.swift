import JSON
import Testing

@testable import TWSSimulator

/// Who is told of what.
@Suite(.timeLimit(.minutes(3))) struct WebhookTests {
    private let address = WebhookAddress("http://localhost:9/hook")

    @Test(arguments: [
        ("http://localhost:8080/a/b?c=d", "localhost", 8080, "/a/b?c=d"), ("HTTP://example", "example", 80, "/"),
        ("http://[::1]:99/x%20y", "::1", 99, "/x%20y"),
    ])
    func `an address is an http URL`(text: String, host: String, port: Int, target: String) throws {
        let address = try #require(WebhookAddress(text))
        #expect(address.host == host && address.port == port && address.target == target)
    }

    @Test(arguments: ["", "localhost", "https://localhost/", "http://", "http://a:b@c/", "http://x:0/", "ftp://x/"])
    func `anything else is none`(text: String) {
        #expect(WebhookAddress(text) == nil)
    }

    @Test func `each receiver gets its kinds in order, one at a time`() throws {
        var outbox = WebhookOutbox()
        let address = try #require(self.address)
        let registered = [
            outbox.register(address, kinds: Set(JobEvent.Kind.allCases)), outbox.register(address, kinds: [.late]),
        ]
        let (all, late) = (try #require(registered[0]), try #require(registered[1]))
        #expect(outbox.add(.statusChanged, [1]) == 1)
        #expect(outbox.add(.late, [2]) == 2)
        #expect(outbox.takeDeliveries().map(\.body) == [[1], [2]])
        #expect(!outbox.hasDeliveries)
        #expect(outbox.takeDeliveries().isEmpty)
        outbox.finish(late.id, delivered: false)
        #expect(!outbox.hasDeliveries)
        outbox.finish(all.id, delivered: true)
        #expect(outbox.takeDeliveries().map(\.webhook) == [all.id])
        #expect(outbox.webhooks.map(\.delivered) == [1, 0])
        #expect(outbox.webhooks.map(\.failed) == [0, 1])
    }

    @Test func `a receiver that is too slow loses the newest events, and they are counted`() throws {
        var outbox = WebhookOutbox()
        _ = outbox.register(try #require(self.address), kinds: [.late])
        for _ in 0..<(WebhookOutbox.maximumWaiting + 3) { outbox.add(.late, []) }
        #expect(outbox.webhooks[0].waiting.count == WebhookOutbox.maximumWaiting)
        #expect(outbox.webhooks[0].dropped == 3)
    }

    @Test func `a job's way through its run is told status by status`() throws {
        var engine = PlanEngine(parameters: PlanParameters())
        engine.beginWatch()
        engine.advance(to: 6 * 3600)
        let events = engine.takeEvents().filter { $0.kind == .statusChanged }
        let job = try #require(engine.jobs.first { $0.run.status == .abend && $0.previousRuns.isEmpty })
        let own = events.filter { $0.job == job.id }
        #expect(own.map(\.status) == [.ready, .intro, .exec, .abend])
        #expect(own.last?.returnCode == job.run.returnCode && own.last?.commonStatus == .error)
        #expect(own.map(\.time) == own.map(\.time).sorted())
        // Whoever follows all events knows every job's status.
        var known: [EntityID: JobStatus] = [:]
        for event in events { known[event.job] = event.status }
        #expect(engine.jobs.allSatisfy { known[$0.id, default: .hold] == $0.run.status })
        #expect(engine.takeEvents().isEmpty)
    }

    @Test func `a plan that is watched moves like one that is not`() {
        var watched = PlanEngine(parameters: PlanParameters())
        var usual = watched
        watched.beginWatch()
        watched.advance(to: 30_000)
        usual.advance(to: 30_000)
        #expect(watched.jobs.map(\.run.status) == usual.jobs.map(\.run.status))
    }

    @Test func `a critical job is told to be late once, when its deadline has passed`() throws {
        var engine = PlanEngine(parameters: PlanParameters())
        let place = try #require(engine.jobs.firstIndex { $0.deadline != nil })
        let deadline = try #require(engine.jobs[place].deadline)
        _ = try engine.accept(.hold(job: engine.jobs[place].id), at: 0)
        engine.beginWatch()
        engine.advance(to: deadline + 3600)
        let own = engine.takeEvents().filter { $0.job == engine.jobs[place].id }
        let late = own.filter { $0.kind == .late }
        #expect(late.count == 1)
        #expect(try (deadline + 1...deadline + 5).contains(#require(late.first).time))
        #expect(own.last { $0.kind == .riskLevelChanged }?.risk == .high)
    }

    @Test func `a job is at risk when one it waits for has failed, and is no more when that is put right`() throws {
        let driver = SimulatorDriver()
        let engine = driver.engine
        let place = try #require(
            engine.jobs.indices.first {
                engine.jobs[$0].deadline != nil && !engine.jobs[$0].character.predecessors.isEmpty
            }
        )
        let job = engine.jobs[place]
        let predecessor = engine.jobs[engine.streams[job.stream].jobs[job.character.predecessors[0]]]
        try #require(predecessor.character.recovery != .continue)
        #expect(engine.risk(of: place, at: 0) == .none)
        try driver.force(predecessor, .abend)
        #expect(driver.engine.risk(of: place, at: 0) == .potential)
        try driver.force(predecessor, .succ)
        #expect(driver.engine.risk(of: place, at: 0) == .none)
        #expect(driver.engine.risk(of: place, at: try #require(job.deadline)) == .high)
        try driver.force(job, .succ)
        #expect(driver.engine.risk(of: place, at: try #require(job.deadline)) == .none)
    }

    private func withServer(_ body: (SimulatorServer, Surface) async throws -> Void) async throws {
        var configuration = SimulatorConfiguration()
        (configuration.port, configuration.adminPort, configuration.speed) = (0, 0, 0)
        configuration.plainHTTP = true
        configuration.plan.streams = 40
        let server = SimulatorServer(configuration: configuration)
        try await server.start()
        do {
            try await body(server, Surface(port: server.adminPort))
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    /// The admin surface over its port.
    private struct Surface {
        let port: Int

        func send(_ method: String, _ target: String, _ body: String = "") async throws -> JSONValue {
            let headers = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            let request = RawConnection.request(target, method: method, headers: headers) + body
            let outcome = try await RawConnection.send(request, to: self.port)
            #expect(outcome.status == 200)
            return try JSONValue(parsing: outcome.body)
        }
    }

    @Test func `a receiver is posted what happens to jobs and what a test pushes`() async throws {
        try await WebhookReceiver.run { receiver in
            try await self.withServer { server, surface in
                let url = "http://127.0.0.1:\(receiver.port)/jobs"
                let body = #"{"url":"\#(url)","events":["JobStatusChanged"]}"#
                #expect(try await surface.send("POST", "/sim/webhooks", body)["webhooks"]?[0]?["url"]?.string == url)
                let job = server.simulator.withState { state, _ in state.engine.jobs[0] }
                try server.force(job: job.id.description, status: .abend, returnCode: 8)
                let event = await receiver.next(1)[0]
                #expect(
                    event == [
                        "event": "JobStatusChanged", "virtualTime": "2026-01-15T00:00:00Z",
                        "jobId": .string(job.id.description), "jobName": "JOB00000_000", "jobStreamName": "JS00000",
                        "workstation": "/AGT002", "status": "ERROR", "internalStatus": "ABEND", "returnCode": 8,
                    ]
                )
                let late = #"{"event":"JobLate","job":"\#(job.id)"}"#
                #expect(try await surface.send("POST", "/sim/event", late)["receivers"]?.int == 0)
                let push = #"{"job":"\#(job.id)"}"#
                #expect(try await surface.send("POST", "/sim/event", push)["receivers"]?.int == 1)
                #expect(await receiver.next(1)[0] == event)
                // A reset begins the plan again and forgets no receiver.
                _ = try await surface.send("POST", "/sim/reset", "{}")
                try server.force(job: job.id.description, status: .abend, returnCode: 8)
                #expect(await receiver.next(1)[0] == event)
                #expect(try await surface.send("DELETE", "/sim/webhooks/webhook1")["webhooks"]?.array == [])
                #expect(try await surface.send("POST", "/sim/event", push)["receivers"]?.int == 0)
            }
        }
    }

    @Test func `a receiver that refuses is not asked again, and the next event goes to it all the same`() async throws {
        try await WebhookReceiver.run(status: .internalServerError) { receiver in
            try await self.withServer { server, surface in
                _ = try await surface.send("POST", "/sim/webhooks", #"{"url":"http://127.0.0.1:\#(receiver.port)/"}"#)
                let jobs = server.simulator.withState { state, _ in Array(state.engine.jobs.prefix(2)) }
                for job in jobs { try server.force(job: job.id.description, status: .fail) }
                #expect(await receiver.next(2).map { $0["jobName"]?.string } == jobs.map(\.name))
                // The failure of the second is noted only after its answer has come back.
                while try await surface.send("GET", "/sim/webhooks")["webhooks"]?[0]?["failed"]?.int != 2 {
                    await Task.yield()
                }
            }
        }
    }

    @Test(arguments: [
        ("POST", "/sim/webhooks", #"{"url":"https://localhost/"}"#, 400, "url: "),
        ("POST", "/sim/webhooks", #"{"url":"http://localhost/","events":["JobStarted"]}"#, 400, "events: "),
        ("POST", "/sim/webhooks", #"{"url":"http://localhost/","events":[]}"#, 400, "events: "),
        ("POST", "/sim/webhooks", #"{"url":"http://localhost/","more":1}"#, 400, "more: "),
        ("DELETE", "/sim/webhooks/none", "", 404, "none"), ("PUT", "/sim/webhooks", "{}", 405, "allowed"),
        ("POST", "/sim/event", "{}", 400, "job: "), ("POST", "/sim/event", #"{"job":"none"}"#, 404, "none"),
    ])
    func `what makes no sense is refused and names its field`(
        method: String,
        target: String,
        body: String,
        status: Int,
        reason: String
    ) {
        var configuration = SimulatorConfiguration()
        configuration.plan.streams = 1
        let surface = AdminSurface(server: SimulatorServer(configuration: configuration))
        let request = SimulatorRequest(node: 0, method: method, target: target, headers: [], body: Array(body.utf8))
        let reply = surface.exchange(request).reply
        #expect(reply.status == status)
        guard case .bytes(let bytes) = reply.body else {
            Issue.record("The answer has no body.")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains(reason))
    }
}
