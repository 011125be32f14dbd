import Concurrency
import JSON
import TWSSimulator
import Testing

@testable import TWS

@Suite(.timeLimit(.minutes(5))) struct `Acting on an engine` {
    private static let why = TWSJustification(description: "line one\nline two \u{1F600}", ticket: "INC1")

    @Test func `jobs are held, released, reprioritised and cancelled`() async throws {
        try await EngineHarness.run { harness in
            let id = try #require(try await harness.job(PlanStatus.waiting)?.id)
            func act(_ action: TWSJobAction) async throws -> TWSReceipt {
                let receipt = try await harness.client.perform(
                    .job(id: id, action),
                    justification: Self.why,
                    deadline: harness.deadline
                )
                await harness.simulator.advance(seconds: 5)
                return receipt
            }
            #expect(try await act(.hold).id == id)
            #expect(try await harness.status(id) == PlanStatus.held)
            _ = try await act(.release)
            #expect(try await harness.status(id) != PlanStatus.held)
            _ = try await act(.setPriority(77))
            #expect(try await harness.client.job(id: id, deadline: harness.deadline).job.priority == 77)
            _ = try await act(.cancel)
            #expect(try await harness.client.job(id: id, deadline: harness.deadline).job.canceled)
        }
    }

    @Test func `a running job is killed and run again`() async throws {
        try await EngineHarness.run { harness in
            await harness.simulator.advance(seconds: 3 * 3600)
            var running = try await harness.job(PlanStatus.running)
            while running == nil {
                await harness.simulator.advance(seconds: 300)
                running = try await harness.job(PlanStatus.running)
            }
            let job = try #require(running)
            _ = try await harness.client.perform(.job(id: job.id, .kill), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 10)
            #expect(try await harness.status(job.id) == PlanStatus.error)
            let run = try #require(job.runID)
            var options = TWSRerunOptions()
            options.priority = 20
            _ = try await harness.client.perform(.rerun(run: run, options), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 10)
            let again = try await harness.client.job(id: job.id, deadline: harness.deadline)
            #expect(again.runs.count == 2)
            #expect(again.job.run == 2)
            #expect(again.runs.last?.rerunType == "RERUN")
        }
    }

    @Test func `dependencies are released and outcomes confirmed`() async throws {
        try await EngineHarness.run { harness in
            let id = try #require(try await harness.job(PlanStatus.waiting)?.id)
            _ = try await harness.client.perform(.job(id: id, .releaseDependencies), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 10)
            #expect(try await harness.status(id) != PlanStatus.waiting)
            try harness.simulator.force(job: id, status: .abend, returnCode: 3)
            _ = try await harness.client.perform(.job(id: id, .confirmSuccessful), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 5)
            #expect(try await harness.status(id) == PlanStatus.successful)
            let error = await #expect(throws: TWSError.self) {
                try await harness.client.perform(.job(id: id, .confirmAbended), deadline: harness.deadline)
            }
            #expect(error?.code == .rejected)
            #expect(error?.mayHaveBeenExecuted == false)
        }
    }

    @Test func `streams are cancelled and submitted, workstations stopped, started and limited`() async throws {
        try await EngineHarness.run { harness in
            let streams = try await harness.client.streams(deadline: harness.deadline)
            let stream = try #require(streams.min { $0.id < $1.id })
            _ = try await harness.client.perform(.cancelStream(id: stream.id), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 5)
            #expect(try await harness.client.stream(id: stream.id, deadline: harness.deadline).stream.canceled)
            var options = TWSSubmitOptions()
            options.alias = "AGAIN"
            options.parameters = ["DT": "20260115"]
            let receipt = try await harness.client.perform(
                .submitStream(modelID: try #require(stream.modelID), options),
                justification: Self.why,
                deadline: harness.deadline
            )
            let id = try #require(receipt.id)
            await harness.simulator.advance(seconds: 5)
            #expect(try await harness.client.stream(id: id, deadline: harness.deadline).stream.name == "AGAIN")

            let agent = try #require(
                try await harness.client.workstations(deadline: harness.deadline).first { $0.name == "AGT001" }
            )
            for action in [TWSWorkstationAction.stop, .start, .setLimit(3)] {
                _ = try await harness.client.perform(.workstation(id: agent.id, action), deadline: harness.deadline)
                await harness.simulator.advance(seconds: 5)
                let now = try await harness.client.workstation(id: agent.id, deadline: harness.deadline)
                switch action {
                case .stop: #expect(!now.isUsable)
                case .start: #expect(now.isUsable)
                case .setLimit: #expect(now.limit == 3)
                }
            }
        }
    }

    @Test func `a prompt is answered`() async throws {
        try await EngineHarness.run { configuration, _ in
            configuration.plan.streams = 100
            configuration.plan.prompts = true
        } body: { harness in
            await harness.simulator.advance(seconds: 24 * 3600)
            let streams = try await harness.client.streams(deadline: harness.deadline)
            let stream = try #require(streams.first { $0.name == "JS00050" })
            let jobs = try await harness.client.stream(id: stream.id, deadline: harness.deadline).jobs
            let first = try #require(jobs.first { $0.name == "JOB00050_000" })
            let job = try await harness.client.job(id: first.id, deadline: harness.deadline)
            let prompt = try #require(job.dependencies.first { $0.type == "PROMPT" })
            #expect(prompt.promptStatus == "ASKED")
            _ = try await harness.client.perform(
                .replyToPrompt(id: try #require(prompt.promptID), yes: true),
                deadline: harness.deadline
            )
            await harness.simulator.advance(seconds: 10)
            #expect(try await harness.status(first.id) != PlanStatus.waiting)
        }
    }

    @Test func `what cannot be meant is refused before it is sent`() async throws {
        try await EngineHarness.run { harness in
            let before = harness.simulator.requestCount
            let attempts: [() async throws -> Void] = [
                { _ = try await harness.client.perform(.job(id: "x", .setPriority(102)), deadline: harness.deadline) },
                { _ = try await harness.client.perform(.job(id: "x", .setPriority(-1)), deadline: harness.deadline) },
                { _ = try await harness.client.perform(.job(id: "..", .hold), deadline: harness.deadline) },
                {
                    _ = try await harness.client.perform(
                        .workstation(id: "x", .setLimit(1025)),
                        deadline: harness.deadline
                    )
                },
            ]
            for attempt in attempts {
                let error = await #expect(throws: TWSError.self) { try await attempt() }
                #expect(error?.code == .invalidRequest)
            }
            #expect(harness.simulator.requestCount == before)
        }
    }
}
