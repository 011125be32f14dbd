import Concurrency
import JSON
import TWSSimulator
import Testing

@testable import TWS

@Suite(.timeLimit(.minutes(5))) struct `An engine that fails` {
    @Test(arguments: SimulatorConfiguration.ErrorBody.allCases)
    func `errors are understood in every shape of body`(body: SimulatorConfiguration.ErrorBody) async throws {
        try await EngineHarness.run { configuration, _ in
            configuration.errorBody = body
        } body: { harness in
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.job(id: "00000000-0000-3000-8000-000000000000", deadline: harness.deadline)
            }
            #expect(error?.code == .notFound)
            #expect(error?.httpStatus == 404)
            if body == .messages { #expect(error?.messageID == "AWSJDB101E") }
            let waiting = try #require(try await harness.job(PlanStatus.waiting))
            let refused = await #expect(throws: TWSError.self) {
                try await harness.client.perform(.job(id: waiting.id, .kill), deadline: harness.deadline)
            }
            #expect(refused?.code == .rejected)
        }
    }

    @Test func `wrong credentials are said to be wrong and not tried again`() async throws {
        try await EngineHarness.run { _, settings in
            settings.credentials = .basic(username: "resync", password: "wrong")
        } body: { harness in
            let before = harness.simulator.requestCount
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.engineInfo(deadline: harness.deadline)
            }
            #expect(error?.code == .unauthenticated)
            // One request and the probe of its connection.
            #expect(harness.simulator.requestCount - before <= 2)
        }
    }

    @Test func `an API key is accepted instead of a password`() async throws {
        try await EngineHarness.run { configuration, settings in
            configuration.tokens = [.init(text: "key.of.mine", user: "resync")]
            settings.credentials = .bearer("key.of.mine")
        } body: { harness in
            let info = try await harness.client.engineInfo(deadline: harness.deadline)
            #expect(info.version == "10.2.5")
        }
    }

    @Test func `a read is repeated after an overload and an action is not`() async throws {
        try await EngineHarness.run { harness in
            let job = try #require(try await harness.job(PlanStatus.waiting))
            let rule: JSONValue = ["path": "/plan/job/", "first": 1]
            try await harness.fail("status", match: rule, parameters: ["code": 500])
            #expect(try await harness.status(job.id) == PlanStatus.waiting)
            try await harness.fail("status", match: rule, parameters: ["code": 500])
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.perform(.job(id: job.id, .hold), deadline: harness.deadline)
            }
            #expect(error?.code == .failed)
            #expect(error?.mayHaveBeenExecuted == true)
            await harness.simulator.advance(seconds: 5)
            #expect(try await harness.status(job.id) == PlanStatus.waiting)
        }
    }

    @Test func `a master that refuses connections is passed over, and the other one kept`() async throws {
        try await EngineHarness.run { harness in
            let backup = try #require(harness.simulator.backupURL)
            _ = try await harness.client.engineInfo(deadline: harness.deadline)
            #expect(harness.client.reachability.currentMaster == harness.simulator.url)
            try await harness.fail("failover", parameters: ["failoverSeconds": 300])
            _ = try await harness.client.engineInfo(deadline: harness.deadline)
            #expect(harness.client.reachability.currentMaster == backup)
            #expect(harness.client.reachability.isReachable)
            #expect(try await harness.client.jobCounts(deadline: harness.deadline).total > 0)
        }
    }

    @Test func `an engine that keeps failing is left alone for a while`() async throws {
        try await EngineHarness.run { _, settings in
            settings.retry.attempts = 1
            settings.breaker.openTime = .seconds(300)
            settings.breaker.maximumOpenTime = .seconds(300)
        } body: { harness in
            try await harness.fail("status", parameters: ["code": 500])
            for _ in 0..<5 {
                let error = await #expect(throws: TWSError.self) {
                    try await harness.client.engineInfo(deadline: harness.deadline)
                }
                #expect(error?.code == .failed)
            }
            let before = harness.simulator.requestCount
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.engineInfo(deadline: harness.deadline)
            }
            #expect(error?.code == .circuitOpen)
            #expect(error?.retryAfter ?? .zero > .zero)
            #expect(harness.simulator.requestCount == before)
            #expect(harness.client.reachability.breaker.state == "open")
        }
    }

    @Test(arguments: ["headers", "body"], ["fin", "rst"])
    func `a connection that breaks is an error that says so`(phase: String, kind: String) async throws {
        try await EngineHarness.run { _, settings in
            settings.retry.attempts = 1
        } body: { harness in
            let job = try #require(try await harness.job(PlanStatus.waiting))
            try await harness.fail(
                "drop",
                match: ["method": "PUT"],
                parameters: .object([
                    .init("phase", .string(phase)), .init("kind", .string(kind)), .init("bytes", 5),
                ])
            )
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.perform(.job(id: job.id, .hold), deadline: harness.deadline)
            }
            #expect(error?.code == .interrupted)
            #expect(error?.mayHaveBeenExecuted == true)
        }
    }

    @Test func `logs that break off say nothing about their engine`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            let run = try #require(try await harness.job(PlanStatus.successful)?.runID)
            let parameters: JSONValue = ["phase": "body", "kind": "fin", "bytes": 100]
            try await harness.fail("drop", match: ["path": "/joblog"], parameters: parameters)
            // More than open the breaker when they count.
            for _ in 0..<8 {
                let error = await #expect(throws: TWSError.self) {
                    try await harness.client.log(ofRun: run, deadline: harness.deadline) { _ in }
                }
                #expect(error?.code == .interrupted)
            }
            #expect(harness.client.reachability.isReachable)
            #expect(harness.client.breaker.snapshot.failureRate == 0)
            #expect(harness.client.breaker.snapshot.state == "closed")
        }
    }

    @Test func `a silent engine is a timeout`() async throws {
        try await EngineHarness.run { harness in
            _ = try await harness.client.engineInfo(deadline: harness.deadline)
            try await harness.fail("hang", parameters: ["seconds": 60])
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.engineInfo(deadline: .after(.seconds(2)))
            }
            #expect(error?.code == .timeout)
        }
    }

    @Test func `cancelling a call passes through untouched`() async throws {
        try await EngineHarness.run { harness in
            try await harness.fail("hang", parameters: ["seconds": 60])
            let before = harness.simulator.requestCount
            // Awaited two lines below.
            let call = Task { try await harness.client.engineInfo(deadline: harness.deadline) }
            while harness.simulator.requestCount == before { await Task.yield() }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @Test(arguments: [
        "invalidUtf8", "brokenJson", "wrongContentType", "falseGzip", "duplicateKeys", "unknownEnum", "unknownFields",
        "nullInsteadOfMissing", "numberAsText",
    ])
    func `a corrupt answer is read as far as it makes sense, or is an error`(kind: String) async throws {
        try await EngineHarness.run { _, settings in
            settings.retry.attempts = 1
        } body: { harness in
            let total = try await harness.client.jobCounts(deadline: harness.deadline).total
            try await harness.fail("corrupt", parameters: .object([.init("kind", .string(kind))]))
            do {
                let jobs = try await harness.client.jobs(deadline: harness.deadline)
                #expect(jobs.count == total)
            } catch let error as TWSError {
                #expect([.malformedAnswer, .interrupted].contains(error.code))
            }
        }
    }

    @Test(arguments: [
        ["shiftRows": 7] as JSONValue, ["duplicateRows": 3], ["wrongCount": true], ["internalHost": true],
    ])
    func `pages that do not fit together lose no row and give none twice`(parameters: JSONValue) async throws {
        try await EngineHarness.run { harness in
            let total = try await harness.client.jobCounts(deadline: harness.deadline).total
            try await harness.fail("paging", parameters: parameters)
            let jobs = try await harness.client.jobs(deadline: harness.deadline)
            #expect(Set(jobs.map(\.id)).count == jobs.count)
            if parameters["shiftRows"] == nil { #expect(jobs.count == total) }
        }
    }
}
