import JSON
import Testing

@testable import TWSSimulator

/// What operators may do to the plan, and what it makes of it.
@Suite struct ActionTests {
    private let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }

    private func job(_ status: JobStatus) throws -> SimulatedJob {
        // A job of a stream whose time has not come has nothing around it that moves.
        let job = try self.driver.job(.hold) { self.driver.engine.streams[$0.stream].scheduledAt > 40_000 }
        if status != .hold { try self.driver.force(job, status) }
        return job
    }

    private static let confirmations: [(JobStatus, success: (Int, String), abend: (Int, String))] = [
        (.exec, (200, "SUCC"), (200, "ABEND")), (.pend, (200, "SUCC"), (200, "ABEND")),
        (.abend, (200, "SUCC"), (200, "ABEND")), (.suppr, (200, "SUCC"), (400, "SUPPR")),
        (.abenp, (200, "SUCCP"), (200, "ABENP")), (.succp, (200, "SUCCP"), (200, "SUCCP")),
        (.hold, (200, "HOLD"), (200, "HOLD")), (.succ, (400, "SUCC"), (400, "SUCC")),
        (.fail, (400, "FAIL"), (400, "FAIL")), (.cancl, (400, "CANCL"), (400, "CANCL")),
    ]

    @Test(arguments: confirmations.indices, ["confirm-succ", "confirm-abend"])
    func `a confirmation does what the table says`(index: Int, action: String) throws {
        let (status, success, abend) = Self.confirmations[index]
        let (code, after) = action == "confirm-succ" ? success : abend
        let job = try self.job(status)
        #expect(self.driver.put("plan/job/\(job.id)/action/\(action)").status == code)
        self.driver.advance(5)
        #expect(try self.driver.status(job).internal == after)
    }

    @Test func `a confirmation does nothing to a job that is ready`() throws {
        let job = try self.job(.ready)
        let agent = self.driver.engine.workstations[job.workstation].id
        #expect(self.driver.put("plan/workstation/\(agent)/action/stop").status == 200)
        for action in ["confirm-succ", "confirm-abend"] {
            #expect(self.driver.put("plan/job/\(job.id)/action/\(action)").status == 200)
            self.driver.advance(5)
            #expect(try self.driver.status(job).internal == "READY")
        }
        let json = try self.driver.get("plan/job/\(job.id)").json()
        #expect(json["lastRunCompositeStatus"]?["substatus"] == "READY_WAITING_FOR_AGENT")
        #expect(self.driver.put("plan/workstation/\(agent)/action/start").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(job).internal == "INTRO")
    }

    @Test func `an action takes effect at the next tick and not before`() throws {
        self.driver.advance(1)
        let job = try self.job(.hold)
        #expect(self.driver.put("plan/job/\(job.id)/action/hold").status == 200)
        #expect(try self.driver.status(job).common == "WAITING")
        self.driver.advance(3)
        #expect(try self.driver.status(job).common == "WAITING")
        self.driver.advance(1)
        #expect(try self.driver.status(job).common == "HELD")
        let json = try self.driver.get("plan/job/\(job.id)").json()
        #expect(json["lastRunCompositeStatus"]?["substatus"] == "HOLD_PRIORITY_ZERO")
        #expect(json["origPriority"]?.int == job.priority)
    }

    @Test func `a released job starts before its time and its predecessors`() throws {
        let job = try self.driver.job(.hold) {
            !$0.character.predecessors.isEmpty && self.driver.engine.streams[$0.stream].scheduledAt > 40_000
        }
        #expect(self.driver.put("plan/job/\(job.id)/action/hold").status == 200)
        self.driver.advance(5)
        #expect(self.driver.put("plan/job/\(job.id)/action/release").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(job).internal == "INTRO")
        #expect(try self.driver.get("plan/job/\(job.id)").json()["priority"]?.int == job.priority)
        #expect(self.driver.put("plan/job/\(job.id)/action/release").status == 400)
        #expect(self.driver.put("plan/job/\(job.id)/action/hold").status == 400)
        #expect(self.driver.put("plan/job/\(job.id)/action/release-all-dependencies").status == 400)
    }

    @Test func `a killed job abends with code 9 at the tick after the next and is not recovered`() throws {
        let job = try self.driver.job(.exec)
        #expect(self.driver.put("plan/job/\(job.id)/action/kill").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(job).internal == "EXEC")
        self.driver.advance(5)
        let json = try self.driver.get("plan/job/\(job.id)").json()
        #expect(json["lastRunCompositeStatus"]?["status"] == "ABEND")
        #expect(json["jobruns"]?[0]?["returnCode"]?.int == 9)
        #expect(self.driver.put("plan/job/\(job.id)/action/kill").status == 400)
        self.driver.advance(600)
        #expect(try self.driver.get("plan/job/\(job.id)").json()["jobruns"]?.array?.count == 1)
    }

    @Test func `cancelling keeps a job from starting and lets a running one end`() throws {
        let waiting = try self.job(.hold)
        let running = try self.driver.job(.exec)
        for job in [waiting, running] {
            #expect(self.driver.put("plan/job/\(job.id)/action/cancel").status == 200)
        }
        self.driver.advance(5)
        #expect(try self.driver.status(waiting) == (internal: "CANCL", common: "CANCELED"))
        #expect(try self.driver.status(running) == (internal: "EXEC", common: "CANCELED"))
        self.driver.advance(7 * 3600)
        #expect(try self.driver.status(waiting).internal == "CANCL")
        #expect(try self.driver.status(running).internal != "EXEC")
    }

    @Test func `a cancelled job is as good as a successful one to its successors`() throws {
        let engine = self.driver.engine
        let job = try self.driver.job(.abend) { job in
            job.character.recovery == .stop
                && engine.streams[job.stream].jobs.contains {
                    engine.jobs[$0].character.predecessors == [job.position] && engine.jobs[$0].run.status == .hold
                }
        }
        let successor = try #require(
            engine.streams[job.stream].jobs.first { engine.jobs[$0].character.predecessors == [job.position] }
        )
        #expect(self.driver.put("plan/job/\(job.id)/action/cancel").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(engine.jobs[successor]).internal == "INTRO")
    }

    @Test(arguments: [("0", 200), ("101", 200), ("102", 400), ("-1", 400), ("x", 400)])
    func `priorities are from 0 to 101`(priority: String, code: Int) throws {
        let job = try self.job(.hold)
        let target = "plan/job/\(job.id)/action/update-priority?priority=\(priority)"
        #expect(self.driver.put(target).status == code)
        self.driver.advance(5)
        let shown = try self.driver.get("plan/job/\(job.id)").json()["priority"]?.int
        #expect(shown == (code == 200 ? Int(priority) : job.priority))
    }

    @Test(arguments: [("0", 200), ("1024", 200), ("1025", 400), ("-1", 400)])
    func `limits are from 0 to 1024`(limit: String, code: Int) throws {
        let agent = self.driver.engine.workstations[4]
        #expect(self.driver.put("plan/workstation/\(agent.id)/action/update-limit?limit=\(limit)").status == code)
        self.driver.advance(5)
        let shown = try self.driver.get("plan/workstation/\(agent.id)").json()["limit"]?.int
        #expect(shown == (code == 200 ? Int(limit) : 20))
    }

    @Test func `limit 0 lets only the highest priorities start, a fence what is above it`() throws {
        let job = try self.job(.hold)
        let agent = self.driver.engine.workstations[job.workstation].id
        #expect(self.driver.put("plan/workstation/\(agent)/action/update-limit?limit=0").status == 200)
        #expect(self.driver.put("plan/job/\(job.id)/action/release").status == 200)
        self.driver.advance(5)
        let json = try self.driver.get("plan/job/\(job.id)").json()
        #expect(json["lastRunCompositeStatus"]?["substatus"] == "READY_WAITING_FOR_LIMIT")
        #expect(self.driver.put("plan/job/\(job.id)/action/update-priority?priority=100").status == 200)
        #expect(self.driver.put("plan/workstation/\(agent)/action/update-fence?priority=100").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(job) == (internal: "FENCE", common: "READY"))
        #expect(self.driver.put("plan/job/\(job.id)/action/update-priority?priority=101").status == 200)
        self.driver.advance(5)
        #expect(try self.driver.status(job).internal == "INTRO")
    }

    @Test func `a stopped workstation says so and starts nothing`() throws {
        let agent = self.driver.engine.workstations[3]
        #expect(self.driver.put("plan/workstation/\(agent.id)/action/stop").status == 200)
        self.driver.advance(5)
        let states = try #require(try self.driver.get("plan/workstation/\(agent.id)").json()["activeStates"]?.array)
        #expect(!states.contains("RUNNING") && !states.contains("JOBMAN_UP"))
        let up = try self.driver.get("plan/workstation", ["oql": "jobmanUp = true"]).results()
        #expect(up.allSatisfy { $0["name"]?.string != agent.name })
        self.driver.advance(20 * 3600)
        let running = self.driver.engine.jobs.filter { $0.workstation == 3 && $0.run.status.isRunning }
        #expect(running.isEmpty)
    }

    @Test func `reruns by a filter are all or none`() throws {
        let failed = try self.driver.get("plan/job", ["oql": "jobruns.commonStatus = 'ERROR'"]).json()["count"]?.int
        let count = try #require(failed)
        let filter = "oql=jobruns.commonStatus%20%3D%20%27ERROR%27"
        let tooMany = self.driver.put("plan/job/action/rerun?\(filter)&max_object_affected=\(count - 1)", body: "{}")
        #expect(tooMany.status == 400)
        self.driver.advance(5)
        #expect(try self.driver.get("plan/job", ["oql": "jobruns.rerunType = 'RERUN'"]).json()["count"]?.int == 0)
        let all = self.driver.put("plan/job/action/rerun?\(filter)&max_object_affected=\(count)", body: "{}")
        #expect(try all.json()["successfulResourceResponses"]?.array?.count == count)
        self.driver.advance(5)
        #expect(try self.driver.get("plan/job", ["oql": "jobruns.rerunType = 'RERUN'"]).json()["count"]?.int == count)
    }

    @Test func `an ad-hoc job runs in the stream JOBS as its task says`() throws {
        func submit(_ fields: String) -> SimulatorDriver.Answer {
            self.driver.post(
                "plan/job/submit-ad-hoc-job",
                body: #"{"workstationKey":"/AGT001","task":{"UNIX":{"taskString":"sleep 12; exit 3"}}\#(fields)}"#
            )
        }
        let first = submit(#","jobName":"MINE","hasUniqueName":true"#)
        let id = try #require(try first.json()["id"]?.string)
        #expect(submit(#","jobName":"MINE","hasUniqueName":true"#).status == 409)
        #expect(submit(#","jobName":"MINE""#).status == 200)
        self.driver.advance(5)
        let json = try self.driver.get("plan/job/\(id)").json()
        #expect(json["jobStreamName"] == "JOBS")
        #expect(json["lastRunCompositeStatus"]?["status"] == "INTRO")
        #expect(submit(#","jobName":"MINE","hasUniqueName":true"#).status == 409)
        self.driver.advance(10)
        #expect(try self.driver.get("plan/job/\(id)").json()["lastRunCommonStatus"] == "RUNNING")
        self.driver.advance(5)
        let ended = try self.driver.get("plan/job/\(id)").json()
        #expect(ended["lastRunCommonStatus"] == "ERROR")
        #expect(ended["jobruns"]?[0]?["returnCode"]?.int == 3)
        let stream = try #require(ended["jobStreamId"]?.string)
        #expect(try self.driver.get("plan/jobstream/\(stream)").json()["jobs"]?.array?.count == 2)
    }

    @Test(arguments: [
        #"{"workstationKey":"/NOWHERE","task":{"UNIX":{"taskString":"ls"}}}"#, #"{"workstationKey":"/AGT001"}"#,
        #"{"task":{"UNIX":{"taskString":"ls"}}}"#, #"{"workstationKey":"/AGT001","task":"ls"}"#, "[]", "{",
    ])
    func `an incomplete submission is refused`(body: String) {
        #expect(self.driver.post("plan/job/submit-ad-hoc-job", body: body).status == 400)
    }

    @Test func `a submitted stream is another instance of its model`() throws {
        let model = self.driver.engine.parameters.id("jsd|7")
        let body = #"{"alias":"AGAIN","inputArrivalTime":"2026-01-15T06:10:00Z","priority":33}"#
        let answer = try self.driver.post("plan/jobstream/\(model)/submit", body: body).json()
        let id = try #require(answer["results"]?[0]?["id"]?.string)
        #expect(self.driver.get("plan/jobstream/\(id)").status == 404)
        self.driver.advance(5)
        let stream = try self.driver.get("plan/jobstream/\(id)").json()
        let original = self.driver.engine.streams[7]
        #expect(stream["name"] == "AGAIN")
        #expect(stream["originalJobStreamName"] == "JS00007")
        #expect(stream["schedTime"] == "2026-01-15T06:10:00Z")
        #expect(stream["priority"]?.int == 33)
        #expect(stream["jobs"]?.array?.count == original.jobs.count)
        #expect(stream["commonStatus"] == "WAITING")
        self.driver.advance(600)
        #expect(try self.driver.get("plan/jobstream/\(id)").json()["commonStatus"] != "WAITING")
        #expect(self.driver.post("plan/jobstream/\(original.id)/submit").status == 404)
    }

    @Test func `a cancelled stream frees the stream that follows it`() throws {
        let driver = SimulatorDriver()
        var engine = driver.engine
        let followers = engine.streams.filter { $0.predecessor != nil }.sorted { $0.scheduledAt < $1.scheduledAt }
        // The first whose predecessor is not done when its own time comes.
        let stream = try #require(
            followers.first { stream in
                engine.advance(to: stream.scheduledAt)
                return stream.predecessor.map { !engine.isDone($0) } ?? false
            }
        )
        let predecessor = engine.streams[try #require(stream.predecessor)]
        driver.advance(stream.scheduledAt)
        #expect(try driver.status(engine.jobs[stream.jobs[0]]).internal == "HOLD")
        #expect(driver.put("plan/jobstream/\(predecessor.id)/action/cancel").status == 200)
        driver.advance(5)
        #expect(try driver.get("plan/jobstream/\(predecessor.id)").json()["commonStatus"] == "CANCELED")
        #expect(try driver.status(engine.jobs[stream.jobs[0]]).internal == "INTRO")
    }

    @Test func `a prompt holds a stream back until it is answered with yes`() throws {
        let driver = SimulatorDriver { $0.plan.prompts = true }
        let prompt = driver.engine.prompts[0]
        let stream = driver.engine.streams[prompt.stream]
        let job = driver.engine.jobs[stream.jobs[0]]
        let reply = "plan/prompt/\(prompt.id)/action/reply"
        #expect(driver.put(reply, body: #"{"answer":true}"#).status == 400)
        driver.advance(stream.scheduledAt + 3600)
        let json = try driver.get("plan/job/\(job.id)").json()
        #expect(json["lastRunCompositeStatus"]?["substatus"] == "HOLD_WAITING_FOR_PROMPT")
        #expect(json["dependencies"]?[0]?["promptStatus"] == "ASKED")
        #expect(json["dependencies"]?[0]?["actions"]?[0]?["id"]?.string == prompt.id.description)
        #expect(driver.put(reply, body: #"{"answer":1}"#).status == 400)
        #expect(driver.put(reply, body: #"{"answer":true}"#).status == 200)
        driver.advance(5)
        #expect(try driver.status(job).internal == "INTRO")
        #expect(driver.put(reply, body: #"{"answer":false}"#).status == 400)
    }

    @Test func `a prompt answered with no leaves its stream blocked`() throws {
        let driver = SimulatorDriver { $0.plan.prompts = true }
        let prompt = driver.engine.prompts[0]
        let stream = driver.engine.streams[prompt.stream]
        driver.advance(stream.scheduledAt + 5)
        #expect(driver.put("plan/prompt/\(prompt.id)/action/reply", body: #"{"answer":false}"#).status == 200)
        driver.advance(3600)
        let json = try driver.get("plan/job/\(driver.engine.jobs[stream.jobs[0]].id)").json()
        #expect(json["lastRunCompositeStatus"]?["substatus"] == "HOLD_WAITING_FOR_PROMPT")
        #expect(json["dependencies"]?[0]?["promptStatus"] == "ANSWERED_NO")
    }

    @Test func `a stopped or unlinked workstation says so and starts nothing until it is back`() throws {
        let agent = self.driver.engine.workstations[4].id
        func states() throws -> Set<String> {
            let json = try self.driver.get("plan/workstation/\(agent)").json()
            return Set(json["activeStates"]?.array?.compactMap(\.string) ?? [])
        }
        let usual = try states()
        #expect(usual.isSuperset(of: ["LINKED", "RUNNING", "JOBMAN_UP"]))
        for (action, back, lost) in [
            ("stop", "start", ["RUNNING", "JOBMAN_UP"]), ("unlink", "link", ["LINKED", "FULLY_LINKED"]),
        ] {
            #expect(self.driver.put("plan/workstation/\(agent)/action/\(action)").status == 200)
            self.driver.advance(5)
            #expect(try states() == usual.subtracting(lost))
            #expect(self.driver.put("plan/workstation/\(agent)/action/\(back)").status == 200)
            self.driver.advance(5)
            #expect(try states() == usual)
        }
    }
}
