/// Decides which events are written together, which are refused, and when a spool that failed is tried again.
///
/// `Waiter` is whoever wants to know that an event is durable.
struct SpoolStateMachine<Waiter: Sendable> {
    private var state: State = .idle
    private var pending: [Entry] = []
    private var nextSequence: Int64 = 1

    /// The bytes of all segments that exist.
    private(set) var storedBytes = 0

    /// The last record known to be on the disk.
    private(set) var durableSequence: Int64 = 0
    private let limits: Limits

    private enum State {
        /// Nothing is being written. May become `committing` or `closed`.
        case idle
        /// A group is being written. May become `idle`, `failed` or `closed`.
        case committing
        /// Writing failed. Events are refused until the next attempt is due, which makes it `committing`.
        case failed(retryAt: ContinuousClock.Instant)
        case closed
    }

    /// What bounds the spool.
    struct Limits: Sendable {
        var maximumPending: Int
        var maximumGroup: Int
        var maximumBytes: Int
        var retryInterval: Duration = .seconds(1)
    }

    /// An event on its way to the disk.
    struct Entry: Sendable {
        let record: SpoolRecord
        let waiter: Waiter
    }

    init(limits: Limits, storedBytes: Int = 0) {
        self.limits = limits
        self.storedBytes = storedBytes
    }

    /// What to do with a new event.
    enum SubmitAction {
        /// Begin to write: nobody is writing.
        case startCommit
        /// Whoever is writing will take it.
        case wait
        case refuse(Waiter, AuditError)
    }

    mutating func submitted(_ payload: [UInt8], _ waiter: Waiter, now: ContinuousClock.Instant) -> SubmitAction {
        if let error = self.refusal(of: payload, now: now) { return .refuse(waiter, error) }
        let record = SpoolRecord(sequence: self.nextSequence, payload: payload)
        self.nextSequence += 1
        self.pending.append(Entry(record: record, waiter: waiter))
        if case .committing = self.state { return .wait }
        self.state = .committing
        return .startCommit
    }

    /// The next group to write; empty when there is none, which ends the writing.
    mutating func groupRequested() -> [Entry] {
        guard case .committing = self.state else { return [] }
        let group = Array(self.pending.prefix(self.limits.maximumGroup))
        self.pending.removeFirst(group.count)
        if group.isEmpty { self.state = .idle }
        return group
    }

    /// Takes note that a group is on the disk, in segments that have grown by `bytes`.
    mutating func groupCommitted(last sequence: Int64, bytes: Int) {
        self.durableSequence = max(self.durableSequence, sequence)
        self.storedBytes += bytes
    }

    /// Returns all who have to be told that their events are not recorded.
    mutating func groupFailed(_ group: [Entry], now: ContinuousClock.Instant) -> [Waiter] {
        let waiters = (group + self.pending).map(\.waiter)
        self.pending = []
        if case .committing = self.state {
            self.state = .failed(retryAt: now.advanced(by: self.limits.retryInterval))
        }
        return waiters
    }

    mutating func segmentDeleted(bytes: Int) {
        self.storedBytes = max(0, self.storedBytes - bytes)
    }

    /// Refuses everything from now on; returns those that wait for a group not yet begun.
    mutating func closed() -> [Waiter] {
        self.state = .closed
        defer { self.pending = [] }
        return self.pending.map(\.waiter)
    }

    var isFailed: Bool {
        if case .failed = self.state { return true }
        return false
    }

    private func refusal(of payload: [UInt8], now: ContinuousClock.Instant) -> AuditError? {
        if payload.count > SpoolRecord.maximumPayload {
            return AuditError(
                .tooLarge,
                "an event of \(payload.count) bytes is larger than \(SpoolRecord.maximumPayload)"
            )
        }
        switch self.state {
        case .closed: return AuditError(.closed, "the audit log is stopped")
        case .failed(let retryAt) where now < retryAt:
            return AuditError(.unavailable, "the audit spool failed and is tried again in a moment")
        case .idle, .committing, .failed: break
        }
        if self.pending.count >= self.limits.maximumPending {
            return AuditError(.unavailable, "\(self.pending.count) events wait for the audit spool already")
        }
        if self.storedBytes >= self.limits.maximumBytes {
            return AuditError(.unavailable, "the audit spool holds \(self.storedBytes) bytes, as many as it may")
        }
        return nil
    }
}
