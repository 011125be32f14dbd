import Concurrency
import JSON
import TWSSimulator
import Testing

@testable import TWS

@Suite(.timeLimit(.minutes(5))) struct `Reading an engine` {
    @Test func `every job is read once and the counts agree`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            let jobs = try await harness.client.jobs(deadline: harness.deadline)
            #expect(Set(jobs.map(\.id)).count == jobs.count)
            let counts = try await harness.client.jobCounts(deadline: harness.deadline)
            #expect(counts.total == jobs.count)
            #expect(counts.statuses == Dictionary(grouping: jobs, by: \.status).mapValues(\.count))
            let streams = try await harness.client.streams(deadline: harness.deadline)
            #expect(streams.count == 40)
            #expect(streams.reduce(0) { $0 + $1.jobs.total } == jobs.count)
        }
    }

    @Test func `a job is read with its runs, dependencies and neighbours`() async throws {
        try await EngineHarness.run { harness in
            let streams = try await harness.client.streams(deadline: harness.deadline)
            let stream = try #require(streams.first { $0.name == "JS00000" })
            let detail = try await harness.client.stream(id: stream.id, deadline: harness.deadline)
            #expect(detail.jobs.count == stream.jobs.total)
            let second = try #require(detail.jobs.first { $0.name == "JOB00000_001" })
            let job = try await harness.client.job(id: second.id, deadline: harness.deadline)
            #expect(job.runs.count == 1)
            #expect(job.dependencies.contains { $0.type == "INTERNAL" && $0.jobName == "JOB00000_000" })
            let before = try await harness.client.neighbours(
                ofJob: second.id,
                .predecessors,
                deadline: harness.deadline
            )
            let names = before.compactMap { node in
                if case .job(let job) = node { job.name } else { nil }
            }
            #expect(names.contains("JOB00000_000"))
        }
    }

    @Test func `workstations, resources and the engine are read`() async throws {
        try await EngineHarness.run { harness in
            let workstations = try await harness.client.workstations(deadline: harness.deadline)
            #expect(workstations.contains { $0.isMaster })
            let agent = try #require(workstations.first { $0.name == "AGT001" })
            #expect(agent.isUsable && agent.limit == 20)
            #expect(try await harness.client.workstation(id: agent.id, deadline: harness.deadline) == agent)
            #expect(try await harness.client.resources(deadline: harness.deadline).count == 5)
            #expect(try await harness.client.engineInfo(deadline: harness.deadline).version == "10.2.5")
        }
    }

    @Test func `a log is read whole, by lines and without banners`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            let job = try #require(try await harness.job(PlanStatus.successful))
            let run = try #require(job.runID)
            func log(_ range: TWSClient.LogRange) async throws -> [Substring] {
                var bytes: [UInt8] = []
                try await harness.client.log(ofRun: run, range: range, deadline: harness.deadline) { bytes += $0 }
                return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            }
            let whole = try await log(.init())
            #expect(whole.first?.allSatisfy { $0 == "=" } == true)
            #expect(whole.contains { $0.contains("Exit Status") })
            #expect(try await log(.init(fromLine: 2, toLine: 3)) == Array(whole[1...2]))
            let content = try await log(.init(contentOnly: true))
            #expect(!content.isEmpty && !content.contains { $0.hasPrefix("=") })
        }
    }

    @Test func `a log is followed until the run ends`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 2 * 3600)
            var running = try await harness.job(PlanStatus.running)
            while running == nil {
                await harness.simulator.advance(seconds: 300)
                running = try await harness.job(PlanStatus.running)
            }
            let run = try #require(running?.runID)
            let received = Locked<[UInt8]>([])
            harness.simulator.setSpeed(2000)
            try await harness.client.log(ofRun: run, range: .init(follow: true), deadline: harness.deadline) { piece in
                received.withLock { $0 += piece }
            }
            let text = String(decoding: received.withLock { $0 }, as: UTF8.self)
            #expect(text.contains("Exit Status"))
        }
    }

    @Test func `at most eight logs are in flight, because more would hang the broker`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            // One more than eight at once hangs all of them until somebody resets the pool.
            try await harness.fail("concurrency", parameters: ["joblogPool": 8])
            let jobs = try await harness.client.jobs(
                where: .compare(.jobStatus, .equal, .text(PlanStatus.successful)),
                deadline: harness.deadline
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for run in jobs.prefix(40).compactMap(\.runID) {
                    group.addTask {
                        try await harness.client.log(ofRun: run, deadline: harness.deadline) { _ in }
                    }
                }
                try await group.waitForAll()
            }
            #expect(harness.client.logLimit.running == 0)
        }
    }

    @Test func `times come from the engine`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            _ = try await harness.client.engineInfo(deadline: harness.deadline)
            // 2026-01-15T06:00:00Z and what has passed since the header came.
            #expect((0..<30_000).contains(harness.client.clock.milliseconds - 1_768_456_800_000))
        }
    }
}
