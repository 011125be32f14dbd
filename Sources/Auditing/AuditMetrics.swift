import Metrics

/// The figures of the audit log.
struct AuditMetrics: Sendable {
    private let recorded = Counter(label: "resync_audit_appends_total", dimensions: [("result", "succeeded")])
    private let refused = Counter(label: "resync_audit_appends_total", dimensions: [("result", "failed")])
    private let append = Timer(label: "resync_audit_append_seconds")
    private let spoolBytes = Gauge(label: "resync_audit_spool_bytes")
    private let spoolRecords = Gauge(label: "resync_audit_spool_records")
    private let size = Gauge(label: "resync_audit_tree_size")

    /// Runs one append and counts how it ended and how long it took.
    func appending<Value>(_ body: () async throws -> sending Value) async throws -> sending Value {
        let start = ContinuousClock.now
        do {
            let value = try await body()
            self.recorded.increment()
            self.append.record(duration: .now - start)
            return value
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            self.refused.increment()
            throw error
        }
    }

    func spool(bytes: Int, pending: Int64) {
        self.spoolBytes.record(bytes)
        self.spoolRecords.record(pending)
    }

    func signed(_ checkpoint: Checkpoint) { self.size.record(checkpoint.size) }
}
