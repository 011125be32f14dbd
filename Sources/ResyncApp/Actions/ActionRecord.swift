import Auditing
import Collections
import Concurrency
import JSON

/// What has become of an action on the scheduler.
struct ActionRecord: Sendable, Hashable {
    enum Status: String, Sendable {
        /// The intent is recorded, the scheduler has not answered yet.
        case pending
        /// The scheduler has accepted the call; its effect shows in the plan.
        case accepted
        case failed
        /// The call may have been executed; the plan shows it, or does not.
        case unknown
    }

    let id: String
    let action: String
    let actor: String
    let targetType: String
    let targetID: String
    let targetName: String?
    let engine: String
    let requestedAt: Int64
    var status: Status
    var detail: String?
    var completedAt: Int64?
}

/// The latest actions of this node: at most `capacity`, the oldest are forgotten (the audit trail keeps them).
final class RecentActions: Sendable {
    static let capacity = 10_000

    private let records = Locked<OrderedDictionary<String, ActionRecord>>([:])

    func put(_ record: ActionRecord) {
        self.records.withLock { records in
            records[record.id] = record
            if records.count > Self.capacity { records.removeFirst() }
        }
    }

    subscript(_ id: String) -> ActionRecord? { self.records.withLock { $0[id] } }
}

extension JSONWriter {
    mutating func write(_ record: ActionRecord) {
        self.beginObject()
        self.field("actionId", record.id)
        self.field("action", record.action)
        self.field("status", record.status.rawValue)
        self.field("outcome", record.outcome)
        self.field("detail", record.detail)
        self.field("actor", record.actor)
        self.key("target")
        self.beginObject()
        self.field("type", record.targetType)
        self.field("id", record.targetID)
        self.field("name", record.targetName)
        self.field("engine", record.engine)
        self.endObject()
        self.field("requestedAt", epochMilliseconds: record.requestedAt)
        self.field("completedAt", epochMilliseconds: record.completedAt)
        self.endObject()
    }
}

extension ActionRecord {
    /// As the audit trail calls it.
    var outcome: String {
        switch self.status {
        case .pending: "pending"
        case .accepted: "succeeded"
        case .failed: "failed"
        case .unknown: "unknown"
        }
    }
}

extension ActionRecord.Status {
    init(_ result: AuditResult) {
        switch result {
        case .succeeded, .allowed: self = .accepted
        case .failed, .denied: self = .failed
        case .unknown: self = .unknown
        }
    }
}
