import Concurrency
import Dispatch

/// Makes events durable on the local disk before they are acknowledged, many with one sync.
///
/// The first event is written at once; those that come meanwhile form the next group.
final class Spool: Sendable {
    let folder: SpoolFolder
    private let state: Locked<SpoolStateMachine<SpoolWaiter>>
    private let writer: WriterOnQueue
    private let durable = Locked(SpoolWriter.Position(segment: 0, end: 0))

    /// Called after every group, on the spool's thread: there is something to ship.
    private let committed: @Sendable () -> Void

    init(
        settings: AuditSettings,
        faults: @escaping SpoolFaults = { _ in },
        committed: @escaping @Sendable () -> Void
    ) throws(AuditError) {
        self.folder = try SpoolFolder.create(below: settings.spoolDirectory)
        self.state = Locked(
            SpoolStateMachine(
                limits: SpoolStateMachine.Limits(
                    maximumPending: settings.maximumPending,
                    maximumGroup: settings.maximumGroup,
                    maximumBytes: settings.maximumSpoolBytes
                )
            )
        )
        self.writer = WriterOnQueue(
            SpoolWriter(folder: self.folder, segmentBytes: settings.segmentBytes, faults: faults)
        )
        self.committed = committed
    }

    /// Returns the record's number when it is durable.
    ///
    /// Throws `.unavailable` when it is not known to be by the deadline. A caller that is cancelled or too late has
    /// handed the event over all the same: it is recorded unless the disk fails.
    func append(_ payload: [UInt8], deadline: Deadline) async throws -> Int64 {
        let waiter = SpoolWaiter()
        let now = ContinuousClock.now
        switch self.state.withLock({ $0.submitted(payload, waiter, now: now) }) {
        case .startCommit: self.writer.queue.async { self.commitGroups() }
        case .wait: break
        case .refuse(_, let error): throw error
        }
        return try await until(
            deadline,
            orThrow: { AuditError(.unavailable, "the audit spool did not confirm an event in time") },
            { try await waiter.wait() }
        )
    }

    var durableSequence: Int64 { self.state.withLock { $0.durableSequence } }

    var storedBytes: Int { self.state.withLock { $0.storedBytes } }

    var isFailed: Bool { self.state.withLock { $0.isFailed } }

    /// Up to where the segments may be read.
    var durablePosition: SpoolWriter.Position { self.durable.withLock { $0 } }

    func segmentDeleted(bytes: Int) { self.state.withLock { $0.segmentDeleted(bytes: bytes) } }

    /// Refuses new events, and returns when those accepted before are durable and the files are closed.
    func close() async {
        let waiters = self.state.withLock { $0.closed() }
        for waiter in waiters { waiter.tell(.failure(AuditError(.closed, "the audit log is stopped"))) }
        await withCheckedContinuation { continuation in
            self.writer.queue.async {
                self.writer.close()
                continuation.resume()
            }
        }
    }

    /// Removes the files of a closed spool whose events are all in the database.
    func removeSegments() {
        for (_, path) in SpoolFiles.segments(in: self.folder.path) { SpoolFiles.remove(path) }
    }

    private func commitGroups() {
        while true {
            let group = self.state.withLock { $0.groupRequested() }
            guard let last = group.last else { return }
            do {
                let written = try self.writer.write(group.map(\.record))
                self.durable.withLock { $0 = written.position }
                self.state.withLock { $0.groupCommitted(last: last.record.sequence, bytes: written.bytes) }
                for entry in group { entry.waiter.tell(.success(entry.record.sequence)) }
                self.committed()
            } catch {
                let now = ContinuousClock.now
                let waiters = self.state.withLock { $0.groupFailed(group, now: now) }
                for waiter in waiters { waiter.tell(.failure(error)) }
                return
            }
        }
    }
}

/// The writer with the only queue it is used on.
///
/// Sendable: `writer` is touched by `write` and `close` alone, and both are called on the serial `queue`.
private final class WriterOnQueue: @unchecked Sendable {
    let queue = DispatchQueue(label: "resync.audit.spool")
    private var writer: SpoolWriter

    init(_ writer: SpoolWriter) {
        self.writer = writer
    }

    func write(_ records: [SpoolRecord]) throws(AuditError) -> (position: SpoolWriter.Position, bytes: Int) {
        dispatchPrecondition(condition: .onQueue(self.queue))
        return try self.writer.write(records)
    }

    func close() {
        dispatchPrecondition(condition: .onQueue(self.queue))
        self.writer.close()
    }
}
