import Concurrency
import Database
import Foundation
import KeyFiles
import Logging
import ServiceLifecycle

/// The audit log: events are durable on the local disk when they are acknowledged, reach the database exactly once, and
/// are bound to each other by a hash chain with signed checkpoints.
///
/// Recording works from the first moment on, also while the database is away; `run` ships, signs and adopts what dead
/// processes left behind.
package final class AuditTrail: Service {
    private let database: any DatabaseClient
    private let settings: AuditSettings
    private let keys: SigningKeys
    private let spool: Spool
    private let mark = ShippedMark()
    private let progress: ShippingProgress
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let shipper: AuditShipper
    private let metrics = AuditMetrics()
    private let isClosed = Locked(false)

    /// Opens a new spool below `settings.spoolDirectory`; throws `.unavailable` when that cannot be written.
    ///
    /// `shipped` is called with new entries in the order of the log, one call at a time, after they are committed.
    package convenience init(
        database: any DatabaseClient,
        settings: AuditSettings,
        keys: SigningKeys,
        logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() },
        shipped: @escaping @Sendable ([AuditEntry]) -> Void = { _ in }
    ) throws(AuditError) {
        try self.init(
            database: database,
            settings: settings,
            keys: keys,
            logger: logger,
            now: now,
            faults: { _ in },
            shipped: shipped
        )
    }

    init(
        database: any DatabaseClient,
        settings: AuditSettings,
        keys: SigningKeys,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        faults: @escaping SpoolFaults,
        shipped: @escaping @Sendable ([AuditEntry]) -> Void
    ) throws(AuditError) {
        let wake = WakeSignal()
        self.database = database
        self.settings = settings
        self.keys = keys
        self.logger = logger
        self.now = now
        self.spool = try Spool(settings: settings, faults: faults, committed: { wake.signal() })
        self.progress = ShippingProgress()
        self.shipper = AuditShipper(
            store: AuditStore(database: database, logger: logger),
            signer: CheckpointSigner(
                database: database,
                keys: keys,
                file: CheckpointFile(path: settings.checkpointFile)
            ),
            spool: self.spool,
            mark: self.mark,
            progress: self.progress,
            wake: wake,
            settings: settings,
            logger: logger,
            now: now,
            shipped: shipped
        )
    }

    /// Ships and signs until shut down gracefully, then once more for `settings.drainTimeout`, and closes the spool.
    package func run() async throws {
        await self.shipper.run()
        await self.close()
    }

    /// Records an event; it is durable when this returns.
    ///
    /// Throws `.unavailable` when it is not, in which case the action must not go on. Neither waits for nor needs the
    /// database. The event is recorded even when the caller is cancelled meanwhile.
    package func record(_ draft: AuditEventDraft, deadline: Deadline) async throws -> AuditEvent {
        let event = AuditEvent(draft, node: self.settings.node, now: self.now())
        _ = try await self.metrics.appending {
            try await self.spool.append(CanonicalForm.spooled(event), deadline: deadline)
        }
        return event
    }

    /// A page of the log with every event this process acknowledged before the call.
    ///
    /// Throws `.behind` when those did not reach the database within `settings.readerWait`.
    package func events(
        matching filter: AuditFilter,
        page: AuditPage,
        requestID: String? = nil,
        deadline: Deadline
    ) async throws -> [AuditEntry] {
        try await self.waitForShipping(deadline: deadline)
        return try await self.database.read(owner: "audit", requestID: requestID, deadline: deadline) { connection in
            try await AuditQueries(connection: connection, deadline: deadline).entries(matching: filter, page: page)
        }
    }

    /// The event of that id; throws `.notFound`.
    package func event(id: String, requestID: String? = nil, deadline: Deadline) async throws -> AuditEntry {
        try await self.waitForShipping(deadline: deadline)
        let entry = try await self.database.read(owner: "audit", requestID: requestID, deadline: deadline) {
            try await AuditQueries(connection: $0, deadline: deadline).entry(id: id)
        }
        guard let entry else { throw AuditError(.notFound, "there is no audit event \(id)") }
        return entry
    }

    /// The newest signed checkpoint.
    package func checkpoint(deadline: Deadline) async throws -> Checkpoint {
        let latest = try await self.database.read(owner: "audit", deadline: deadline) { connection in
            try await AuditQueries(connection: connection, deadline: deadline).latestCheckpoint()
        }
        guard let latest else { throw AuditError(.notFound, "no checkpoint has been signed yet") }
        return try Checkpoint(note: latest.note, keys: self.keys.all.map(\.publicKey))
    }

    package var status: AuditStatus {
        let progress = self.progress.snapshot
        return AuditStatus(
            node: self.settings.node,
            spoolID: self.spool.folder.id,
            spoolFailed: self.spool.isFailed,
            spoolBytes: self.spool.storedBytes,
            acknowledged: self.spool.durableSequence,
            shipped: self.mark.sequence,
            shippingError: progress.shippingError,
            checkpointSize: progress.checkpoint?.size,
            checkpointTime: progress.checkpoint?.time,
            signingError: progress.signingError
        )
    }

    /// Verifies the whole log; see `AuditVerifier`.
    package var verifier: AuditVerifier {
        AuditVerifier(
            database: self.database,
            keys: self.keys.all.map(\.publicKey),
            checkpointFile: self.settings.checkpointFile
        )
    }

    /// Ships what is acknowledged, signs and closes, for commands that record an event and end without `run`.
    package func finish() async {
        await self.shipper.drain()
        await self.close()
    }

    private func close() async {
        let wasClosed = self.isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        await self.spool.close()
        if self.mark.sequence >= self.spool.durableSequence { self.spool.removeSegments() }
        self.spool.folder.release()
    }

    private func waitForShipping(deadline: Deadline) async throws {
        try await self.mark.wait(
            for: self.spool.durableSequence,
            deadline: deadline.limited(to: self.settings.readerWait)
        )
    }
}

extension AuditEvent {
    init(_ draft: AuditEventDraft, node: String, now: Date) {
        self.init(
            id: EventID.next(now: now),
            time: Int64(now.timeIntervalSince1970 * 1000),
            node: node,
            actor: draft.actor,
            action: draft.action,
            target: draft.target,
            phase: draft.phase,
            result: draft.result,
            reason: draft.reason,
            ticket: draft.ticket,
            detail: draft.detail.map { AuditDetail($0) },
            requestID: draft.requestID,
            traceID: draft.traceID,
            actionID: draft.actionID
        )
    }
}
