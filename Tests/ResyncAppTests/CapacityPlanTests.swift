import Testing

@testable import ResyncApp

@Suite("Capacity plan")
struct CapacityPlanTests {
    /// Computed independently with the textbook form of the Erlang C formula.
    @Test(arguments: [
        (9.26, 0.01, 1), (92.6, 0.01, 2), (92.6, 0.05, 8), (1000, 0.005, 6), (5000, 0.005, 26), (30.8, 0.3, 17),
        (30.8, 2, 80),
    ])
    func `the size is the smallest that keeps waits short`(_ rate: Double, _ serviceTime: Double, _ size: Int) throws {
        let plan = try #require(CapacityPlan(CapacityPlan.Demand(rate: rate, serviceTime: serviceTime)))

        #expect(plan.connections == size)
        #expect(plan.shareWaiting <= 0.01)
        #expect(plan.utilization < 1)
    }

    @Test(arguments: [(0.0, 1.0), (-1, 1), (1, 0), (.infinity, 1), (.nan, 1), (1e9, 1)])
    func `a demand that cannot be met is refused`(_ rate: Double, _ serviceTime: Double) {
        #expect(CapacityPlan(CapacityPlan.Demand(rate: rate, serviceTime: serviceTime)) == nil)
    }

    @Test
    func `the reasoning judges the size that is set`() throws {
        let plan = try #require(CapacityPlan(CapacityPlan.Demand(rate: 92.6, serviceTime: 0.05)))

        #expect(plan.reasoning(configured: 7, setting: "db_pool.max_size").contains("db_pool.max_size is 7: too small"))
        #expect(plan.reasoning(configured: 8, setting: "db_pool.max_size").contains("is 8: enough"))
        #expect(plan.reasoning(configured: 25, setting: "db_pool.max_size").contains("is 25: more than needed"))
        #expect(plan.reasoning(configured: 8, setting: "x").contains("= 4.63 connections busy on average"))
    }
}
