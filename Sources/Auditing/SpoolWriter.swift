/// Writes groups of records into segments; the blocking half of the spool.
///
/// Not thread-safe: the spool uses it on its serial queue only.
struct SpoolWriter {
    private let folder: SpoolFolder
    private let segmentBytes: Int
    private let faults: SpoolFaults
    private var segment: SpoolSegment?
    private var nextNumber = 1

    init(folder: SpoolFolder, segmentBytes: Int, faults: @escaping SpoolFaults) {
        self.folder = folder
        self.segmentBytes = segmentBytes
        self.faults = faults
    }

    /// Where a record's group ended up: everything in the segment before `end` is durable.
    struct Position: Sendable, Hashable {
        let segment: Int
        let end: Int
    }

    /// Makes the records durable; returns where they end and by how much the files have grown.
    ///
    /// After a failure everything is written once more into a new segment. Records that lie in both are stored once,
    /// because they have the same numbers.
    mutating func write(_ records: [SpoolRecord]) throws(AuditError) -> (position: Position, bytes: Int) {
        let bytes = records.flatMap(\.bytes)
        do {
            return try self.append(bytes)
        } catch {
            self.abandonSegment()
            return try self.append(bytes)
        }
    }

    mutating func close() { self.abandonSegment() }

    private mutating func append(_ bytes: [UInt8]) throws(AuditError) -> (position: Position, bytes: Int) {
        if let segment = self.segment, segment.byteCount >= self.segmentBytes { self.abandonSegment() }
        let before = self.segment?.byteCount ?? 0
        // Kept before it is written to, so that it is abandoned when that fails.
        if self.segment == nil { self.segment = try self.openSegment() }
        guard var segment = self.segment else {
            throw AuditError(.unavailable, "there is no segment to write to")
        }
        try segment.append(bytes)
        self.segment = segment
        return (Position(segment: segment.number, end: segment.byteCount), segment.byteCount - before)
    }

    private mutating func openSegment() throws(AuditError) -> SpoolSegment {
        let number = self.nextNumber
        self.nextNumber += 1
        return try SpoolSegment(
            folder: self.folder.path,
            spoolID: self.folder.id,
            number: number,
            faults: self.faults
        )
    }

    private mutating func abandonSegment() {
        self.segment?.close()
        self.segment = nil
    }
}
