import Testing

@testable import ResyncApp
@testable import TWS

@Suite("The plan in numbers")
struct PlanSummaryTests {
    @Test func `the plan's own counts say what counting each job says`() throws {
        let now = PlanFixture.at("06:00:00")
        var generator = SystemRandomNumberGenerator()
        var jobs = PlanJobIndex()
        for number in 0..<400 {
            jobs.put(
                try PlanFixture.job(
                    "\(number % 250)",
                    status: PlanStatus.all.randomElement(using: &generator) ?? PlanStatus.held,
                    critical: Bool.random(using: &generator),
                    deadlineAt: [nil, "2026-01-15T05:30:00Z", "2026-01-15T06:30:00Z"].randomElement(using: &generator)
                        ?? nil
                )
            )
            if number % 7 == 0 { _ = jobs.remove(id: "\(number % 50)") }
        }
        var fromIndex = PlanSummary.Counts()
        fromIndex.add(jobs, now: now)
        var fromEach = PlanSummary.Counts()
        for job in jobs.all { fromEach.add(job, now: now) }
        #expect(fromIndex == fromEach)
        #expect(fromEach.late > 0 && fromEach.criticalAtRisk > 0)
    }
}
