import Collections
import Crypto
import Database

/// The state of one verification: takes what was read from the log and collects evidence.
///
/// Touches no database.
struct AuditInspection {
    private let keys: [Curve25519.Signing.PublicKey]
    private var findings: [AuditFinding] = []
    private var head: AuditQueries.Head?
    private var walk = ChainWalk(after: 0, hash: "")
    private var file: Checkpoint?
    private var isFileMissing = true
    private var isFileInDatabase = false
    private var events: Int64 = 0
    private var signedUpTo: Int64 = 0

    /// The hashes of the rows read since checkpoints were looked at last.
    private var hashes: [Int64: String] = [:]

    /// The sizes of the checkpoints seen last; more than two processes that sign at once can skip.
    private var recentSizes: Deque<Int64> = []

    private static let maximumFindings = 100
    private static let recentCount = 1024

    init(keys: [Curve25519.Signing.PublicKey]) {
        self.keys = keys
    }

    /// A row of the table of checkpoints.
    struct StoredCheckpoint: Sendable {
        let size: Int64
        let note: String
    }

    var isClean: Bool { self.findings.isEmpty }

    /// How far rows have to be read: to the head, or beyond it if there is more.
    var lastSequence: Int64 { max(self.head?.size ?? 0, self.head?.lastSequence ?? 0) }

    mutating func fileRead(_ checkpoint: Checkpoint?) {
        self.file = checkpoint
        self.isFileMissing = checkpoint == nil
    }

    mutating func fileRefused(_ reason: String) {
        self.isFileMissing = false
        self.add(AuditFinding(.checkpoint, sequence: nil, reason))
    }

    mutating func begin(head: AuditQueries.Head, latestCheckpoint: Int64?, protection: [AuditFinding]) {
        self.head = head
        self.walk = ChainWalk(after: 0, hash: HashChain.start(logID: head.logID))
        self.hashes = [0: self.walk.hash]
        for finding in protection { self.add(finding) }
        self.compareSizes(of: head)
        if let latestCheckpoint, latestCheckpoint > head.size {
            self.add(
                AuditFinding(
                    .rolledBack,
                    sequence: head.size + 1,
                    "a checkpoint of size \(latestCheckpoint) was signed, but the log ends at \(head.size)"
                )
            )
        }
        self.compareFile(with: head, hasCheckpoints: latestCheckpoint != nil)
    }

    mutating func rowRead(_ row: SQLRow) {
        self.events += 1
        if let finding = self.walk.advance(over: row) { self.add(finding) }
        self.hashes[self.walk.sequence] = self.walk.hash
        guard let head = self.head, self.walk.sequence == head.size, self.walk.hash != head.hash else { return }
        self.add(
            AuditFinding(
                .head,
                sequence: head.size,
                "the head names the hash \(head.hash), but the events lead to \(self.walk.hash)"
            )
        )
    }

    /// Takes the checkpoints of the rows read since the last call.
    mutating func checkpointsRead(_ checkpoints: [StoredCheckpoint]) {
        for stored in checkpoints { self.check(stored) }
        if let file = self.file, let hash = self.hashes[file.size], hash != file.hash {
            self.add(self.otherLog(signedBy: "the checkpoint in the file", size: file.size))
        }
        self.hashes = [:]
    }

    /// Everything was read.
    mutating func finish() {
        guard let file = self.file, let head = self.head, file.size <= head.size, !self.isFileInDatabase else { return }
        self.add(
            AuditFinding(
                .checkpoint,
                sequence: file.size,
                "the checkpoint of size \(file.size) in the file was removed from the database"
            )
        )
    }

    func verification(outcome: AuditVerification.Outcome) -> AuditVerification {
        let findings = self.findings.sorted { ($0.sequence ?? .max) < ($1.sequence ?? .max) }
        return AuditVerification(
            outcome: outcome,
            logID: self.head?.logID,
            events: self.events,
            signedUpTo: self.signedUpTo,
            findings: findings
        )
    }

    private mutating func compareSizes(of head: AuditQueries.Head) {
        if head.lastSequence > head.size {
            self.add(
                AuditFinding(
                    .inserted,
                    sequence: head.size + 1,
                    "the log ends at \(head.size), but there are rows up to \(head.lastSequence)"
                )
            )
        } else if head.lastSequence < head.size {
            self.add(
                AuditFinding(
                    .missing,
                    sequence: head.lastSequence + 1,
                    "the log ends at \(head.size), but there are only rows up to \(head.lastSequence)"
                )
            )
        }
    }

    private mutating func compareFile(with head: AuditQueries.Head, hasCheckpoints: Bool) {
        guard let file = self.file else {
            if self.isFileMissing, hasCheckpoints || head.size > 0 {
                self.add(AuditFinding(.checkpoint, sequence: nil, "the file of the last checkpoint is missing"))
            }
            return
        }
        if file.logID != head.logID {
            self.add(
                AuditFinding(
                    .rolledBack,
                    sequence: nil,
                    "the checkpoint in the file belongs to the log \(file.logID), the database holds \(head.logID)"
                )
            )
        } else if file.size > head.size {
            self.add(
                AuditFinding(
                    .rolledBack,
                    sequence: head.size + 1,
                    "\(file.size) events were signed, but the log ends at \(head.size)"
                )
            )
        }
    }

    private mutating func check(_ stored: StoredCheckpoint) {
        let checkpoint: Checkpoint
        do throws(AuditError) {
            checkpoint = try Checkpoint(note: stored.note, keys: self.keys)
        } catch {
            return self.add(AuditFinding(.checkpoint, sequence: stored.size, error.message))
        }
        defer { self.remember(stored.size) }
        if stored.note == self.file?.note { self.isFileInDatabase = true }
        guard checkpoint.size == stored.size, checkpoint.logID == self.head?.logID else {
            let words = "the checkpoint at \(stored.size) is one of size \(checkpoint.size) of log \(checkpoint.logID)"
            return self.add(AuditFinding(.checkpoint, sequence: max(1, stored.size), words))
        }
        let isKnown = checkpoint.previousSize.map { self.recentSizes.contains($0) } ?? self.recentSizes.isEmpty
        if !isKnown {
            let previous = checkpoint.previousSize.map { "of size \($0)" } ?? "(none)"
            let words = "the checkpoint before that of size \(stored.size), \(previous), was removed"
            self.add(AuditFinding(.checkpoint, sequence: checkpoint.previousSize ?? stored.size, words))
        }
        guard let hash = self.hashes[stored.size] else { return }
        if hash == checkpoint.hash {
            self.signedUpTo = stored.size
        } else {
            self.add(self.otherLog(signedBy: "the checkpoint of size \(stored.size)", size: stored.size))
        }
    }

    private mutating func remember(_ size: Int64) {
        self.recentSizes.append(size)
        if self.recentSizes.count > Self.recentCount { self.recentSizes.removeFirst() }
    }

    private func otherLog(signedBy name: String, size: Int64) -> AuditFinding {
        // An event already found to be wrong explains the difference; without one it is somewhere in the range.
        let explained = self.findings.compactMap(\.sequence).filter { $0 <= size }.min()
        let first = max(1, explained ?? min(self.signedUpTo + 1, size))
        return AuditFinding(.hash, sequence: first, "the events from \(first) to \(size) are not those \(name) signed")
    }

    private mutating func add(_ finding: AuditFinding) {
        guard self.findings.count < Self.maximumFindings else { return }
        self.findings.append(finding)
    }
}
