import InboundHTTP
import Testing

@testable import ResyncApp
@testable import TWS

@Suite("Ordered jobs of a plan that moves")
struct OrderedJobsTests {
    private let now = PlanFixture.at("06:00:00")

    private func part(_ content: PlanContent, engine: String = "default", epoch: String = "e") -> OrderedJobs.Part {
        let snapshot = PlanSnapshot(
            engine: engine,
            version: content.version,
            epoch: epoch,
            offset: 0,
            planID: nil,
            jobs: content.jobs,
            history: content.history,
            streams: [:],
            workstations: [:],
            freshness: PlanFreshness(fetchedAt: 0, reason: nil, staleAfter: .seconds(1))
        )
        return OrderedJobs.Part(engine: engine, snapshot: snapshot, now: self.now)
    }

    private func job(_ number: Int, using generator: inout SystemRandomNumberGenerator) throws -> PlanJob {
        try PlanFixture.job(
            "\(number)",
            name: "J\(Int.random(in: 0..<5, using: &generator))",
            status: ["RUNNING", "ERROR", "WAITING"].randomElement(using: &generator) ?? "ERROR",
            priority: Int.random(in: 0..<3, using: &generator)
        )
    }

    private func rows(_ jobs: OrderedJobs) -> [ObjectIdentifier] { jobs.rows.map { ObjectIdentifier($0.job) } }

    @Test(arguments: ["", "status=ERROR", "name=J1,J2&sort=-priority", "sort=status,-name", "sort=-changedAt"])
    func `bringing rows up to date gives what asking anew gives`(query: String) throws {
        let request = try RequestFixture.request("/list?\(query)")
        let filter = try JobFilter(request.query)
        let keys = try PageRequest.sort(request, as: JobSortField.self)
        let order = keys.isEmpty ? JobOrder.byName : JobOrder(keys: keys)
        var generator = SystemRandomNumberGenerator()
        var content = PlanContent()
        _ = content.replace(with: try (0..<200).map { try self.job($0, using: &generator) }, reason: "")
        var ordered = OrderedJobs([self.part(content)], filter, order)
        for round in 0..<40 {
            for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                let changed = try (0..<5).map { _ in
                    try self.job(Int.random(in: 0..<220, using: &generator), using: &generator)
                }
                _ = content.merge(changed)
                _ = content.remove(["\(Int.random(in: 0..<220, using: &generator))"])
            }
            let parts = [self.part(content)]
            ordered = try #require(ordered.updated(to: parts, filter, order), "round \(round)")
            #expect(self.rows(ordered) == self.rows(OrderedJobs(parts, filter, order)), "round \(round)")
            #expect(ordered.isCurrent(for: parts))
        }
    }

    @Test func `what cannot be brought up to date is asked anew`() throws {
        var generator = SystemRandomNumberGenerator()
        var content = PlanContent()
        _ = content.replace(with: [try PlanFixture.job("1")], reason: "")
        let ordered = OrderedJobs([self.part(content)], JobFilter(), .byName)
        let other = content
        #expect(ordered.updated(to: [self.part(content, epoch: "f")], JobFilter(), .byName) == nil)
        #expect(ordered.updated(to: [self.part(content, engine: "other")], JobFilter(), .byName) == nil)
        #expect(!ordered.isCurrent(for: [self.part(content, epoch: "f")]))

        _ = content.replace(with: [try PlanFixture.job("2")], reason: "another plan")
        #expect(ordered.updated(to: [self.part(content)], JobFilter(), .byName) == nil)
        let later = OrderedJobs([self.part(content)], JobFilter(), .byName)
        #expect(later.updated(to: [self.part(other)], JobFilter(), .byName) == nil)

        // As many versions as the history does not reach back.
        for number in 0..<100 { _ = content.merge([try self.job(1000 + number, using: &generator)]) }
        #expect(later.updated(to: [self.part(content)], JobFilter(), .byName) == nil)
    }

    @Test func `a job that becomes late by time alone stays one row`() throws {
        var content = PlanContent()
        _ = content.replace(with: [try PlanFixture.job("1", deadlineAt: "2026-01-15T05:30:00Z")], reason: "")
        let ordered = OrderedJobs([self.part(content)], JobFilter(), .byName)
        #expect(content.becomeLate(now: self.now).count == 1)
        #expect(ordered.updated(to: [self.part(content)], JobFilter(), .byName)?.rows.count == 1)
    }
}
