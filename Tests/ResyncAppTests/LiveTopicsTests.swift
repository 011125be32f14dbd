import Testing
import WebSockets

@testable import ResyncApp

@Suite("Topics")
struct LiveTopicsTests {
    private func access(_ topic: String, _ roles: Set<String>) -> TopicAccess {
        let user = SocketUser(name: "alice", roles: roles, expiresAt: .now)
        return LiveTopics.access(to: topic, by: user, engines: ["default", "two"])
    }

    @Test(arguments: [
        "plan.jobs", "plan.summary", "plan.jobs.ERROR", "plan.jobs.job.1", "plan.jobs.folder./FIN", "two~plan.jobs",
        "plan.jobs.stream.JS1", "plan.jobs.workstation.AGT1", "plan.jobstreams", "pools", "actions.act-1",
        "plan.critical", "plan.jobs.stream.A~B", "two~plan.jobs.job.two~1",
    ])
    func `viewers follow the plan, auditors alone do not`(_ topic: String) {
        #expect(self.access(topic, ["viewer"]) == .allowed)
        #expect(self.access(topic, ["admin"]) == .allowed)
        #expect(self.access(topic, ["auditor"]) == .forbidden)
    }

    @Test(arguments: [
        "plan", "plan.jobs.", "plan.jobs.job.", "plan.jobs.error", "three~plan.jobs", "~plan.jobs", "x", "",
        "default~plan.jobs", "two~pools", "two~audit", "two~user.alice",
    ])
    func `what is no topic is unknown`(_ topic: String) {
        #expect(self.access(topic, ["admin", "auditor"]) == .unknown)
    }

    @Test func `the audit trail is for auditors and personal topics for their person`() {
        #expect(self.access("audit", ["auditor"]) == .allowed)
        #expect(self.access("audit", ["admin"]) == .forbidden)
        #expect(self.access("user.alice", []) == .allowed)
        #expect(self.access("user.bob", ["admin"]) == .forbidden)
    }
}
