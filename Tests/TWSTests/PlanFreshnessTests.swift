import Testing

@testable import TWS

struct PlanFreshnessTests {
    @Test func `a plan is stale with a reason, or it is fresh`() {
        let confirmed = PlanFreshness(fetchedAt: 10_000, reason: nil, staleAfter: .seconds(3))
        #expect(confirmed.whyStale(at: 13_000) == nil)
        #expect(!confirmed.isStale(at: 13_000))
        #expect(confirmed.whyStale(at: 13_001)?.contains("more than 3 seconds") == true)
        #expect(confirmed.isStale(at: 13_001))

        let failing = PlanFreshness(fetchedAt: 10_000, reason: "503", staleAfter: .seconds(3))
        #expect(failing.whyStale(at: 10_000) == "503")

        let unread = PlanFreshness(fetchedAt: nil, reason: nil, staleAfter: .seconds(3))
        #expect(unread.whyStale(at: 10_000)?.contains("first time") == true)
    }
}
