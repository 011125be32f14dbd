import Monitoring
import Testing

@testable import Auditing
@testable import ResyncApp

@Suite("Health of the audit trail")
struct HealthReportsTests {
    private func status(
        spoolFailed: Bool = false,
        shippingError: String? = nil,
        signingError: String? = nil
    ) -> HealthStatus {
        HealthReports.status(
            of: AuditStatus(
                node: "n",
                spoolID: "s",
                spoolFailed: spoolFailed,
                spoolBytes: 0,
                acknowledged: 1,
                shipped: 1,
                shippingError: shippingError,
                checkpointSize: 1,
                checkpointTime: 0,
                signingError: signingError
            )
        )
    }

    @Test func `a trail that records, ships and signs is well`() {
        #expect(self.status() == .ok)
    }

    @Test func `a trail that cannot record or must not be signed has failed`() {
        let cannotRecord = self.status(spoolFailed: true, shippingError: "full")
        #expect(cannotRecord == .failed(reason: "the spool cannot be written: actions are refused"))
        let cut = self.status(signingError: "it was cut off")
        #expect(cut == .failed(reason: "the trail is not signed: it was cut off"))
    }

    @Test func `events that wait in the spool are safe but late`() {
        let waiting = self.status(shippingError: "full")
        #expect(waiting == .degraded(reason: "events do not reach the database: full"))
    }
}
