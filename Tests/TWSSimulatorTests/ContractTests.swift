import JSON
import Testing

@testable import TWSSimulator

/// Answers against the description of the product's interface.
@Suite struct ContractTests {
    private let schema: OpenAPISchema

    init() throws {
        self.schema = OpenAPISchema(try fixture("tws-openapi-subset"))
    }

    @Test func `the schema check finds what is wrong`() throws {
        let job = try #require(try fixture("tws-samples")["JobInPlan"])
        #expect(self.schema.problems(job, self.schema.schema("JobInPlan")).isEmpty)
        func broken(_ name: String, _ value: JSONValue) -> [String] {
            var fields = job.fields?.filter { $0.name != name } ?? []
            fields.append(JSONValue.Field(name, value))
            return self.schema.problems(.object(fields), self.schema.schema("JobInPlan"))
        }
        #expect(!broken("priority", "10").isEmpty)
        #expect(!broken("lastRunCommonStatus", "XSTAT").isEmpty)
        #expect(!broken("schedTime", "yesterday").isEmpty)
        #expect(!broken("misspelled", 1).isEmpty)
        #expect(!broken("jobruns", .null).isEmpty)
        #expect(!self.schema.problems(["jobId": "x"], self.schema.schema("InternalDependency")).isEmpty)
        #expect(!self.schema.problems(["dependencyType": "OTHER"], self.schema.schema("Dependency")).isEmpty)
    }

    @Test func `every sample body is valid`() throws {
        for sample in try fixture("tws-samples").fields ?? [] {
            let name = String(sample.name.prefix { $0 != "#" })
            #expect(self.schema.problems(sample.value, self.schema.schema(name)) == [], "\(sample.name)")
        }
    }

    @Test func `the served operations include every described one, by path and method`() {
        for operation in self.schema.operations() {
            let segments = operation.path.split(separator: "/").map { $0.hasPrefix("{") ? "x" : String($0) }
            guard case .operation = Operation.match(method: operation.method, segments: segments) else {
                Issue.record("\(operation.method) \(operation.path) is not served")
                continue
            }
        }
        #expect(self.schema.operations().count == 35)
    }

    /// A request for each described operation, made against a plan in the middle of its day.
    private func requests(_ driver: SimulatorDriver) throws -> [String: (target: String, body: String)] {
        let engine = driver.engine
        let running = try driver.job(.exec)
        let holding = try driver.job(.hold) { $0.priority > 0 && !$0.freed }
        let abended = try driver.job(.abend)
        let follower = try #require(engine.jobs.first { !$0.character.predecessors.isEmpty })
        let stream = try #require(engine.streams.first { $0.predecessor != nil })
        let predecessor = try #require(engine.streams.first { !$0.successors.isEmpty })
        let agent = engine.workstations[3].id
        let prompt = try #require(engine.prompts.first { $0.status == .asked })
        return [
            "getEngineInfo": ("engine/info", ""), "getObjectsInfo": ("objects-info", ""),
            "listJobs": ("plan/job?limit=2000", ""),
            "countJobs": ("plan/job/count?plan_filter=/@/@%23/@/@.@&grouping_filters=workstation,status", ""),
            "getJob": ("plan/job/\(follower.id)", ""),
            "getJobPredecessors": ("plan/job/\(follower.id)/predecessors?depth=3", ""),
            "getJobSuccessors": ("plan/job/\(engine.jobs[0].id)/successors?depth=3", ""),
            "getJobLog": ("plan/job/run/\(running.run.id)/joblog", ""),
            "cancelJob": ("plan/job/\(running.id)/action/cancel", ""),
            "holdJob": ("plan/job/\(holding.id)/action/hold", ""),
            "releaseJob": ("plan/job/\(holding.id)/action/release", ""),
            "killJob": ("plan/job/\(running.id)/action/kill", ""),
            "confirmJobSucc": ("plan/job/\(running.id)/action/confirm-succ", "{\"conditions\":[]}"),
            "confirmJobAbend": ("plan/job/\(running.id)/action/confirm-abend", ""),
            "updateJobPriority": ("plan/job/\(holding.id)/action/update-priority?priority=50", ""),
            "releaseAllJobDependencies": ("plan/job/\(holding.id)/action/release-all-dependencies", ""),
            "rerunJobRun": ("plan/job/run/\(abended.run.id)/action/rerun", "{}"),
            "rerunJobs": (
                "plan/job/action/rerun?oql=jobruns.commonStatus%20%3D%20'ERROR'&max_object_affected=100", "{}"
            ),
            "submitAdHocJob": (
                "plan/job/submit-ad-hoc-job", #"{"workstationKey":"/AGT001","task":{"UNIX":{"taskString":"ls"}}}"#
            ),
            "listJobStreams": ("plan/jobstream", ""),
            "countJobStreams": ("plan/jobstream/count?plan_filter=/@/@%23/@/@&grouping_filters=folder", ""),
            "getJobStream": ("plan/jobstream/\(stream.id)", ""),
            "getJobStreamPredecessors": ("plan/jobstream/\(stream.id)/predecessors", ""),
            "getJobStreamSuccessors": ("plan/jobstream/\(predecessor.id)/successors", ""),
            "cancelJobStream": ("plan/jobstream/\(stream.id)/action/cancel", ""),
            "submitJobStream": (
                "plan/jobstream/\(engine.parameters.id("jsd|3"))/submit", #"{"alias":"EXTRA","priority":50}"#
            ),
            "listWorkstations": ("plan/workstation", ""), "getWorkstation": ("plan/workstation/\(agent)", ""),
            "updateWorkstationLimit": ("plan/workstation/\(agent)/action/update-limit?limit=5", ""),
            "startWorkstation": ("plan/workstation/\(agent)/action/start", ""),
            "stopWorkstation": ("plan/workstation/\(agent)/action/stop", ""),
            "listResources": ("plan/resource", ""),
            "replyPrompt": ("plan/prompt/\(prompt.id)/action/reply", #"{"answer":true}"#),
            "listJobDefinitions": ("model/jobdefinition?limit=100", ""),
            "listJobStreamDefinitions": ("model/jobstream?limit=100", ""),
        ]
    }

    @Test(arguments: [false, true])
    func `every answer of every operation is as described, with dependencies in lists or not`(listed: Bool) throws {
        let driver = SimulatorDriver {
            $0.startVirtual = 6 * 3600
            $0.plan.prompts = true
            $0.knobs.listDependencies = listed
        }
        let requests = try self.requests(driver)
        for operation in self.schema.operations() {
            let request = try #require(requests[operation.id], "\(operation.id) is not tried")
            let target = "/twsd/api/v2/\(request.target)"
            let answer = driver.send(
                operation.method,
                target,
                body: request.body.isEmpty && operation.method != "GET" ? "{}" : request.body
            )
            #expect(answer.status == 200, "\(operation.id): \(answer.text)")
            if let schema = operation.content["application/json"]?["schema"] {
                #expect(self.schema.problems(try answer.json(), schema).prefix(5) == [], "\(operation.id)")
            } else {
                #expect(operation.content["text/plain; charset=utf-8"] != nil)
                #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
            }
        }
        // What the actions have made of the plan is as described too.
        driver.advance(60)
        for path in ["plan/job", "plan/jobstream", "plan/workstation"] {
            let operation = try #require(
                self.schema.operations().first { $0.method == "GET" && $0.path == "/twsd/api/v2/\(path)" }
            )
            let schema = try #require(operation.content["application/json"]?["schema"])
            #expect(self.schema.problems(try driver.get(path).json(), schema).prefix(5) == [], "\(path)")
        }
    }

    @Test func `a job's answer is the sample, but for what depends on the day's history`() throws {
        let driver = SimulatorDriver { $0.startVirtual = 6 * 3600 }
        let sample = try #require(try fixture("tws-samples")["JobInPlan"])
        let answer = try driver.get("plan/job", ["limit": "1"]).results()[0]
        for field in sample.fields ?? [] where field.name != "jobruns" {
            #expect(answer[field.name] == field.value, "\(field.name)")
        }
        let expected = try #require(sample["jobruns"]?[0])
        for field in expected.fields ?? [] where field.name != "jobNumber" {
            #expect(answer["jobruns"]?[0]?[field.name] == field.value, "jobruns.\(field.name)")
        }
    }
}
