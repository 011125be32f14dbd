import Dispatch

/// Reads the records of a spool in order, a segment at a time, away from the cooperative pool.
struct SpoolReader {
    private let folder: SpoolFolder
    private let header: Int
    private var segment = 0
    private var offset = 0

    private static let queue = DispatchQueue(label: "resync.audit.reader")

    /// More than a segment ever has: it is closed by the first group that reaches its limit.
    private static let maximumSegmentBytes = 256 << 20

    init(folder: SpoolFolder) {
        self.folder = folder
        self.header = SpoolSegment.header(spoolID: folder.id, number: 0).count
    }

    /// What one look found.
    struct Chunk: Sendable {
        let records: [SpoolRecord]
        let path: String

        /// Damaged ranges that were skipped; records may be lost in them.
        let damaged: [Range<Int>]

        /// Whether nothing more can come of this segment: it may be deleted when the records are shipped.
        let isComplete: Bool
        let byteCount: Int
    }

    /// The records behind those returned last; nil when there are none.
    ///
    /// A spool that is being written is read up to `durable`; without it all files are read to their ends.
    mutating func next(upTo durable: SpoolWriter.Position?) async throws -> Chunk? {
        let segments = SpoolFiles.segments(in: self.folder.path)
        guard let (number, path) = segments.first(where: { $0.number >= self.segment }) else { return nil }
        if let durable, number > durable.segment { return nil }
        let isOpen = number == durable?.segment
        let start = number == self.segment ? self.offset : 0
        let limit = (isOpen ? durable?.end : nil) ?? Self.maximumSegmentBytes
        if isOpen, start >= limit { return nil }
        let chunk = try await Self.onQueue { [header] in
            try Self.read(path, from: start, limit: limit, header: header, isOpen: isOpen)
        }
        self.segment = isOpen ? number : number + 1
        self.offset = isOpen ? limit : 0
        return chunk
    }

    private static func read(
        _ path: String,
        from start: Int,
        limit: Int,
        header: Int,
        isOpen: Bool
    ) throws(AuditError) -> Chunk {
        let byteCount = min(SpoolFiles.byteCount(of: path), limit)
        let bytes = try SpoolFiles.read(path, from: start, limit: byteCount - start)
        let scan = SpoolScan(bytes, from: start == 0 ? min(header, bytes.count) : 0)
        return Chunk(
            records: scan.records,
            path: path,
            damaged: scan.damaged.map { ($0.lowerBound + start)..<($0.upperBound + start) },
            isComplete: !isOpen,
            byteCount: byteCount
        )
    }

    private static func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
