/// One event in a segment: four bytes `RSAE`, length, checksum, sequence, then the event; numbers are big-endian.
///
/// The checksum covers the sequence and the event.
struct SpoolRecord: Sendable, Hashable {
    /// Counts the records of one spool from 1; a number is never given twice.
    let sequence: Int64
    let payload: [UInt8]

    static let magic: [UInt8] = Array("RSAE".utf8)
    static let headerCount = 4 + 4 + 4 + 8
    static let maximumPayload = 64 * 1024

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerCount + self.payload.count)
        bytes.append(contentsOf: Self.magic)
        bytes.appendBigEndian(UInt32(clamping: self.payload.count))
        bytes.appendBigEndian(Self.checksum(self.sequence, self.payload[...]))
        bytes.appendBigEndian(self.sequence)
        bytes.append(contentsOf: self.payload)
        return bytes
    }

    /// Reads the record at the beginning of `bytes`; nil when there is no complete and intact one.
    init?(at bytes: ArraySlice<UInt8>) {
        guard bytes.starts(with: Self.magic) else { return nil }
        var rest = bytes.dropFirst(Self.magic.count)
        guard let count = rest.takeBigEndian(UInt32.self), count <= Self.maximumPayload,
            let checksum = rest.takeBigEndian(UInt32.self),
            let sequence = rest.takeBigEndian(Int64.self),
            rest.count >= Int(count)
        else { return nil }
        let payload = rest.prefix(Int(count))
        guard Self.checksum(sequence, payload) == checksum else { return nil }
        self.sequence = sequence
        self.payload = Array(payload)
    }

    init(sequence: Int64, payload: [UInt8]) {
        self.sequence = sequence
        self.payload = payload
    }

    private static func checksum(_ sequence: Int64, _ payload: ArraySlice<UInt8>) -> UInt32 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + payload.count)
        bytes.appendBigEndian(sequence)
        bytes.append(contentsOf: payload)
        return CRC32C.checksum(bytes)
    }
}

/// What a part of a segment holds.
struct SpoolScan {
    private(set) var records: [SpoolRecord] = []

    /// Ranges of bytes that are no records although records follow: not torn off but damaged.
    private(set) var damaged: [Range<Int>] = []

    /// Where the last intact record ends; what lies behind was being written when the writer died.
    private(set) var end: Int

    /// Reads all records of `bytes` from `start` on.
    init(_ bytes: [UInt8], from start: Int) {
        var offset = start
        self.end = start
        while offset < bytes.count {
            if let record = SpoolRecord(at: bytes[offset...]) {
                if offset > self.end { self.damaged.append(self.end..<offset) }
                self.records.append(record)
                offset += SpoolRecord.headerCount + record.payload.count
                self.end = offset
            } else {
                offset = Self.nextCandidate(in: bytes, after: offset)
            }
        }
    }

    private static func nextCandidate(in bytes: [UInt8], after offset: Int) -> Int {
        var index = offset + 1
        while index < bytes.count, bytes[index] != SpoolRecord.magic[0] { index += 1 }
        return index
    }
}
