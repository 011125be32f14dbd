/// Instants as text of RFC 3339, written in UTC with `Z`, without a formatter's cost.
///
/// Years 0000 to 9999 of the proleptic Gregorian calendar. Milliseconds are written only when they are not zero.
package enum RFC3339 {
    package static func string(epochSeconds seconds: Int64) -> String {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return self.string(epochMilliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds)
    }

    package static func string(epochMilliseconds milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        self.append(epochMilliseconds: milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes at the end of `bytes`; an instant outside of the years 0000 to 9999 becomes the nearest one inside.
    package static func append(epochMilliseconds milliseconds: Int64, to bytes: inout [UInt8]) {
        let clamped = min(max(milliseconds, Self.earliest), Self.latest)
        let seconds = clamped.flooredQuotient(by: 1000)
        let days = seconds.flooredQuotient(by: 86_400)
        let fraction = Int(clamped - seconds * 1000)
        let time = Int(seconds - days * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        var text: InlineArray<24, UInt8> = .init(repeating: UInt8(ascii: "Z"))
        text.write(date.year / 100, at: 0)
        text.write(date.year % 100, at: 2)
        text[4] = UInt8(ascii: "-")
        text.write(date.month, at: 5)
        text[7] = UInt8(ascii: "-")
        text.write(date.day, at: 8)
        text[10] = UInt8(ascii: "T")
        text.write(time / 3600, at: 11)
        text[13] = UInt8(ascii: ":")
        text.write(time / 60 % 60, at: 14)
        text[16] = UInt8(ascii: ":")
        text.write(time % 60, at: 17)
        var count = 20
        if fraction != 0 {
            text[19] = UInt8(ascii: ".")
            text.write(fraction / 10, at: 20)
            text[22] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction % 10)
            count = 24
        }
        unsafe text.span.withUnsafeBufferPointer {
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[..<count]))
        }
    }

    /// Reads `2026-01-15T05:52:00Z`, with an optional fraction (beyond milliseconds it is cut off) and `Z` or an offset.
    ///
    /// Strict: everything else is nil, also a date that the calendar does not have. The leap second `:60` is the first
    /// second of the next minute.
    package static func epochMilliseconds(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { utf8 in
            var reader = unsafe DigitReader(bytes: Array(utf8))
            guard
                let year = reader.number(width: 4), reader.skip("-"),
                let month = reader.number(width: 2), reader.skip("-"),
                let day = reader.number(width: 2), reader.skip("T") || reader.skip("t"),
                let hour = reader.number(width: 2), reader.skip(":"),
                let minute = reader.number(width: 2), reader.skip(":"),
                let second = reader.number(width: 2),
                (1...12).contains(month), (1...CivilDate.days(inMonth: month, of: year)).contains(day),
                hour < 24, minute < 60, second <= 60
            else { return nil }
            var milliseconds = 0
            if reader.skip(".") {
                guard let fraction = reader.milliseconds() else { return nil }
                milliseconds = fraction
            }
            guard let offset = reader.offsetMinutes(), reader.isAtEnd else { return nil }
            let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
            let minutes = (days * 24 + hour) * 60 + minute - offset
            return Int64((minutes * 60 + second) * 1000 + milliseconds)
        }
    }

    private static let earliest: Int64 = -62_167_219_200_000  // 0000-01-01T00:00:00Z
    private static let latest: Int64 = 253_402_300_799_999  // 9999-12-31T23:59:59.999Z
}

/// A day of the proleptic Gregorian calendar.
///
/// The arithmetic counts years from March, so that the leap day is a year's last:
/// https://howardhinnant.github.io/date_algorithms.html
private struct CivilDate {
    let year: Int
    let month: Int
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        self.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int {
        let year = self.month <= 2 ? self.year - 1 : self.year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (self.month + (self.month > 2 ? -3 : 9)) + 2) / 5 + self.day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

private struct DigitReader {
    let bytes: [UInt8]
    private var next = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.next == self.bytes.count }

    mutating func digit() -> Int? {
        guard self.next < self.bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = self.bytes[self.next] else {
            return nil
        }
        defer { self.next += 1 }
        return Int(self.bytes[self.next] - UInt8(ascii: "0"))
    }

    mutating func number(width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let digit = self.digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.next < self.bytes.count, self.bytes[self.next] == UInt8(ascii: character) else { return false }
        self.next += 1
        return true
    }

    mutating func milliseconds() -> Int? {
        guard var value = self.digit() else { return nil }
        var count = 1
        while let digit = self.digit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        return count == 1 ? value * 100 : count == 2 ? value * 10 : value
    }

    mutating func offsetMinutes() -> Int? {
        if self.skip("Z") || self.skip("z") { return 0 }
        let sign = self.skip("+") ? 1 : self.skip("-") ? -1 : 0
        guard
            sign != 0, let hours = self.number(width: 2), self.skip(":"), let minutes = self.number(width: 2),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension InlineArray where Element == UInt8 {
    /// Two decimal digits.
    fileprivate mutating func write(_ value: Int, at index: Int) {
        self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
        self[index + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
    }
}
