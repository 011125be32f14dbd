import Foundation
import JSON
import TestSupport
import Testing

@Suite struct `RFC 3339 instants` {
    @Test(arguments: [
        ("2026-01-15T05:52:00Z", 1_768_456_320_000), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:00:00Z", 951_825_600_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("1900-03-01T00:00:00Z", -2_203_891_200_000),
    ])
    func `instants are written and read`(text: String, milliseconds: Int64) {
        #expect(RFC3339.epochMilliseconds(text) == milliseconds)
        #expect(RFC3339.string(epochMilliseconds: milliseconds) == text)
    }

    @Test(arguments: [
        ("2026-01-15T05:52:00.5Z", 500), ("2026-01-15T05:52:00.12Z", 120), ("2026-01-15T05:52:00.1239999Z", 123),
        ("2026-01-15T06:52:00+01:00", 0), ("2026-01-15T00:22:00-05:30", 0), ("2026-01-15t05:52:00z", 0),
        ("2026-01-15T05:51:60Z", 0),
    ])
    func `fractions, offsets, small letters and a leap second are understood`(text: String, milliseconds: Int64) {
        #expect(RFC3339.epochMilliseconds(text) == 1_768_456_320_000 + milliseconds)
    }

    @Test(arguments: [
        "", "2026-01-15", "2026-01-15T05:52Z", "2026-01-15T05:52:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-15T24:00:00Z", "2026-01-15T05:60:00Z", "2026-01-15T05:52:61Z", "2026-01-15T05:52:00.Z",
        "2026-01-15 05:52:00Z", "2026-01-15T05:52:00+1:00", "2026-01-15T05:52:00+24:00", "2026-01-15T05:52:00ZZ",
        "+026-01-15T05:52:00Z", "２026-01-15T05:52:00Z", "2026-1-15T05:52:00Z",
    ])
    func `anything else is nil`(text: String) {
        #expect(RFC3339.epochMilliseconds(text) == nil)
        #expect(RFC3339.parse(text) == nil)
    }

    @Test func `ten thousand random instants agree with Foundation`() {
        var generator = SeededGenerator(seed: 7)
        let foundation = Date.ISO8601FormatStyle()
        for _ in 0..<10_000 {
            let seconds = Int64.random(in: -60_000_000_000...250_000_000_000, using: &generator)
            let text = RFC3339.string(epochSeconds: seconds)
            #expect(RFC3339.epochMilliseconds(text) == seconds * 1000)
            // Foundation's calendar is Julian before October 1582.
            if seconds > -12_219_292_800 {
                #expect(text == Date(timeIntervalSince1970: Double(seconds)).formatted(foundation))
            }
        }
    }

    @Test func `a date passes through text to the millisecond and never traps`() {
        let date = Date(timeIntervalSince1970: 1_768_456_320.123)
        #expect(RFC3339.string(from: date) == "2026-01-15T05:52:00.123Z")
        #expect(RFC3339.parse("2026-01-15T05:52:00.123Z") == date)
        #expect(RFC3339.string(from: .distantFuture) == "4001-01-01T00:00:00Z")
        #expect(RFC3339.string(from: Date(timeIntervalSince1970: .infinity)) == "9999-12-31T23:59:59.999Z")
        #expect(RFC3339.string(from: Date(timeIntervalSince1970: -.greatestFiniteMagnitude)) == "0000-01-01T00:00:00Z")
        #expect(RFC3339.string(epochSeconds: .max) == "9999-12-31T23:59:59.999Z")
    }
}
