import Testing

@testable import Auditing

@Suite("Spool records")
struct SpoolScanTests {
    private static let records = (1...4).map { number in
        SpoolRecord(sequence: Int64(number), payload: (0..<(number * 7)).map { UInt8(truncatingIfNeeded: $0 * number) })
    }

    private static let bytes = records.flatMap(\.bytes)

    /// Where each record ends.
    private static let ends = records.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.bytes.count) }

    @Test func `the checksum is Castagnoli's`() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    @Test func `what is torn off at any byte takes only its own record with it`() {
        for count in 0...Self.bytes.count {
            let scan = SpoolScan(Array(Self.bytes.prefix(count)), from: 0)
            let complete = Self.ends.count { $0 <= count } - 1

            #expect(scan.records == Array(Self.records.prefix(complete)))
            #expect(scan.end == Self.ends[complete])
            #expect(scan.damaged.isEmpty)
        }
    }

    @Test func `zeros or noise behind the last record are a torn tail`() {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for tail in [[UInt8](repeating: 0, count: 500), noise, SpoolRecord.magic, SpoolRecord.magic + noise] {
            let scan = SpoolScan(Self.bytes + tail, from: 0)

            #expect(scan.records == Self.records)
            #expect(scan.end == Self.bytes.count)
        }
    }

    @Test func `a flipped bit costs its record alone and is reported`() {
        for index in Self.ends[1]..<Self.ends[2] {
            for bit in 0..<8 {
                var bytes = Self.bytes
                bytes[index] ^= 1 << UInt8(bit)

                let scan = SpoolScan(bytes, from: 0)

                #expect(scan.records == [Self.records[0], Self.records[2], Self.records[3]])
                #expect(scan.damaged == [Self.ends[1]..<Self.ends[2]])
            }
        }
    }

    @Test func `a length beyond all bounds is no record`() {
        var bytes = SpoolRecord.magic
        bytes.appendBigEndian(UInt32.max)
        bytes += [UInt8](repeating: 0xFF, count: 100)

        let scan = SpoolScan(bytes + Self.bytes, from: 0)

        #expect(scan.records == Self.records)
        #expect(scan.damaged == [0..<bytes.count])
    }
}
