import Concurrency
import TWSSimulator
import Testing

@testable import TWS

/// What is not established about engines, each with another value than the simulator's default.
private enum Unknown: String, CaseIterable, CustomTestStringConvertible {
    case emptyErrorBody
    case htmlErrorBody
    case compositeIDs
    case groupSeparator
    case dependenciesInLists
    case durationsInMilliseconds
    case countOffIsMinusOne
    case canceledKeepsItsStatus
    case linksToAnotherHost
    case fieldsIgnoreCase
    case bodiesWithoutContentType
    case fencedJobsAreWaiting
    case challengesWithBody

    var testDescription: String { self.rawValue }

    func apply(to configuration: inout SimulatorConfiguration) {
        switch self {
        case .emptyErrorBody: configuration.errorBody = .empty
        case .htmlErrorBody: configuration.errorBody = .html
        case .compositeIDs: configuration.knobs.compositeIDs = true
        case .groupSeparator: configuration.knobs.groupSeparator = "|"
        case .dependenciesInLists: configuration.knobs.listDependencies = true
        case .durationsInMilliseconds: configuration.knobs.durationsInMilliseconds = true
        case .countOffIsMinusOne: configuration.knobs.countOffIsMinusOne = true
        case .canceledKeepsItsStatus: configuration.plan.canceledHasOwnStatus = false
        case .linksToAnotherHost: configuration.pageURLHost = "https://internal-mdm:31116"
        case .fieldsIgnoreCase: configuration.knobs.fieldsIgnoreCase = true
        case .bodiesWithoutContentType: configuration.strictContentType = false
        case .fencedJobsAreWaiting: configuration.plan.fenceStatus = .waiting
        case .challengesWithBody: configuration.unauthorizedBody = .html
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Engines that differ in what is not documented` {
    @Test(arguments: Unknown.allCases)
    fileprivate func `reading and acting work with every value of each unknown`(unknown: Unknown) async throws {
        try await EngineHarness.run { configuration, _ in
            unknown.apply(to: &configuration)
        } body: { harness in
            await harness.simulator.advance(seconds: 6 * 3600)
            let jobs = try await harness.client.jobs(deadline: harness.deadline)
            let counts = try await harness.client.jobCounts(deadline: harness.deadline)
            #expect(Set(jobs.map(\.id)).count == counts.total)
            #expect(counts.statuses == Dictionary(grouping: jobs, by: \.status).mapValues(\.count))
            #expect(jobs.allSatisfy { PlanStatus.all.contains($0.status) })
            let ended = try #require(jobs.first { $0.status == PlanStatus.successful })
            #expect(ended.estimatedSeconds ?? 0 > 0)
            #expect(ended.elapsedSeconds(at: 0) ?? -1 >= 0)

            let waiting = try #require(jobs.filter { $0.status == PlanStatus.waiting }.min { $0.id < $1.id })
            let detail = try await harness.client.job(id: waiting.id, deadline: harness.deadline)
            #expect(detail.job.isSame(as: waiting))
            _ = try await harness.client.perform(.job(id: waiting.id, .hold), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 5)
            #expect(try await harness.status(waiting.id) == PlanStatus.held)
            _ = try await harness.client.perform(.job(id: waiting.id, .cancel), deadline: harness.deadline)
            await harness.simulator.advance(seconds: 5)
            let canceled = try await harness.client.job(id: waiting.id, deadline: harness.deadline).job
            #expect(canceled.status == PlanStatus.canceled)
            #expect(canceled.canceled)

            let run = try #require(ended.runID)
            _ = try await harness.client.perform(.rerun(run: run), deadline: harness.deadline)
            let missing = await #expect(throws: TWSError.self) {
                try await harness.client.job(id: "no-such-job", deadline: harness.deadline)
            }
            #expect(missing?.code == .notFound)
        }
    }
}
