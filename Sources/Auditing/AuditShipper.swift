import Concurrency
import Database
import Foundation
import Logging
import ServiceLifecycle

/// Brings acknowledged events into the database and has the log signed; the only writer of the log in this process.
///
/// An actor, because batches must follow each other: each is read, inserted and taken note of before the next begins.
actor AuditShipper {
    private let store: AuditStore
    private let signer: CheckpointSigner
    private let spool: Spool
    private let mark: ShippedMark
    private let progress: ShippingProgress
    private let wake: WakeSignal
    private let settings: AuditSettings
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let shipped: @Sendable ([AuditEntry]) -> Void

    private let metrics = AuditMetrics()
    private var own: SpoolShipment
    private var eventsSinceCheckpoint = 0
    private var nextCheckpoint = ContinuousClock.now
    private var nextAdoption = ContinuousClock.now
    private var failures = 0

    private static let tick: Duration = .seconds(1)
    private static let batchTimeout: Duration = .seconds(10)
    private static let longestPause: Duration = .seconds(5)

    init(
        store: AuditStore,
        signer: CheckpointSigner,
        spool: Spool,
        mark: ShippedMark,
        progress: ShippingProgress,
        wake: WakeSignal,
        settings: AuditSettings,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        shipped: @escaping @Sendable ([AuditEntry]) -> Void
    ) {
        self.store = store
        self.signer = signer
        self.spool = spool
        self.mark = mark
        self.progress = progress
        self.wake = wake
        self.settings = settings
        self.logger = logger
        self.now = now
        self.shipped = shipped
        self.own = SpoolShipment(folder: spool.folder, store: store, batchSize: settings.maximumBatch)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            async let ticking: Void = self.keepTicking()
            self.wake.signal()
            for await _ in self.wake.signals {
                if Task.isCancelled { break }
                await self.work()
            }
            await ticking
        }
        await self.drain()
    }

    /// Ships and signs for the last time, within `settings.drainTimeout`.
    func drain() async {
        let deadline = Deadline.after(self.settings.drainTimeout)
        do {
            try await self.signFirst(deadline: deadline)
            try await self.adopt(deadline: deadline)
            try await self.shipOwn(deadline: deadline)
            await self.sign(deadline: deadline)
        } catch is CancellationError {
            return
        } catch {
            // What is not shipped is in the spool, where the next process finds it.
            self.logger.warning("audit events stay in the spool", metadata: ["error": "\(error)"])
        }
    }

    private func keepTicking() async {
        while !Task.isCancelled {
            // Only cancellation ends the sleep early, and the loop with it.
            try? await Task.sleep(for: Self.tick)
            self.wake.signal()
        }
    }

    private func work() async {
        self.metrics.spool(bytes: self.spool.storedBytes, pending: self.spool.durableSequence - self.mark.sequence)
        do {
            let deadline = Deadline.after(Self.batchTimeout)
            try await self.signFirst(deadline: deadline)
            if self.nextAdoption <= .now {
                try await self.adopt(deadline: .distant)
                self.nextAdoption = .now.advanced(by: self.settings.adoptionInterval)
            }
            try await self.shipOwn(deadline: .distant)
            if self.failures > 0 { self.logger.notice("audit events reach the database again") }
            self.failures = 0
            _ = self.progress.shipping(failed: nil)
        } catch is CancellationError {
            return
        } catch {
            await self.pause(after: error)
            return
        }
        if self.eventsSinceCheckpoint >= self.settings.checkpointEvents || self.nextCheckpoint <= .now {
            await self.sign(deadline: .after(Self.batchTimeout))
        }
    }

    private func pause(after error: any Error) async {
        self.failures += 1
        if self.progress.shipping(failed: "\(error)") {
            self.logger.warning("audit events do not reach the database", metadata: ["error": "\(error)"])
        }
        let pause = min(Duration.milliseconds(50) * (1 << min(self.failures, 10)), Self.longestPause)
        // Cut short by cancellation only, which the caller notices.
        try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
        self.wake.signal()
    }

    /// The empty log is signed before its first event, so that a log without a checkpoint is always a suspicious one.
    private func signFirst(deadline: Deadline) async throws {
        guard self.progress.snapshot.checkpoint == nil, self.progress.snapshot.signingError == nil else { return }
        do {
            self.signed(try await self.signer.sign(now: self.now(), deadline: deadline))
        } catch let error as AuditError {
            self.refused(error)
        }
    }

    private func sign(deadline: Deadline) async {
        self.nextCheckpoint = .now.advanced(by: self.settings.checkpointInterval)
        self.eventsSinceCheckpoint = 0
        do {
            self.signed(try await self.signer.sign(now: self.now(), deadline: deadline))
        } catch is CancellationError {
            return
        } catch {
            self.refused(error)
        }
    }

    private func signed(_ checkpoint: Checkpoint) {
        self.progress.signed(checkpoint)
        self.metrics.signed(checkpoint)
    }

    private func refused(_ error: any Error) {
        guard self.progress.signing(failed: "\(error)") else { return }
        self.logger.error("the audit log is not signed", metadata: ["error": "\(error)"])
    }

    private func shipOwn(deadline: Deadline) async throws {
        while true {
            // A copy, kept only when the step succeeded: a failed one leaves the place where it was.
            var own = self.own
            let step = try await own.step(
                upTo: self.spool.durablePosition,
                deadline: deadline.limited(to: Self.batchTimeout)
            )
            self.own = own
            switch step {
            case .shipped(let entries, let sequence):
                self.tookNote(of: entries)
                self.mark.advance(to: sequence)
            case .removed(let bytes, let damaged, let path):
                self.spool.segmentDeleted(bytes: bytes)
                try await self.report(damaged, in: path)
            case .nothingLeft:
                return
            }
        }
    }

    private func adopt(deadline: Deadline) async throws {
        for folder in SpoolFolder.abandoned(below: self.settings.spoolDirectory, except: self.spool.folder.id) {
            defer { folder.release() }
            var shipment = SpoolShipment(folder: folder, store: self.store, batchSize: self.settings.maximumBatch)
            var isFinished = false
            while !isFinished {
                switch try await shipment.step(upTo: nil, deadline: deadline.limited(to: Self.batchTimeout)) {
                case .shipped(let entries, _): self.tookNote(of: entries)
                case .removed(_, let damaged, let path): try await self.report(damaged, in: path)
                case .nothingLeft: isFinished = true
                }
            }
        }
    }

    private func tookNote(of entries: [AuditEntry]) {
        guard !entries.isEmpty else { return }
        self.eventsSinceCheckpoint += entries.count
        self.shipped(entries)
    }

    /// A damaged segment is an event itself: something acknowledged may be lost.
    private func report(_ damaged: [Range<Int>], in path: String) async throws {
        guard !damaged.isEmpty else { return }
        self.logger.error(
            "a segment of the audit spool is damaged",
            metadata: ["audit.segment": "\(path)", "audit.ranges": "\(damaged)"]
        )
        var draft = AuditEventDraft(
            actor: AuditActor(type: "system", id: "audit"),
            action: "audit.spool_corrupt",
            target: AuditTarget(type: "spool-segment", id: path),
            phase: .event,
            result: .failed
        )
        draft.reason = "damaged bytes \(damaged.map { "\($0.lowerBound) to \($0.upperBound)" }.joined(separator: ", "))"
        let event = AuditEvent(draft, node: self.settings.node, now: self.now())
        _ = try await self.spool.append(CanonicalForm.spooled(event), deadline: .after(Self.batchTimeout))
    }
}
