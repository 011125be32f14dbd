import JSON

/// A day of the calendar, and the conversions between seconds since 1970 and the texts the scheduler prints.
///
/// Proleptic Gregorian, UTC only: the simulator's plan has no other time zone.
package struct PlanDate: Hashable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// The day that is `days` days after 1970-01-01.
    package init(daysSinceEpoch days: Int) {
        // Howard Hinnant's civil_from_days, https://howardhinnant.github.io/date_algorithms.html
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// Reads `YYYY-MM-DD`; nil unless it names a day between the years 1970 and 9999.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        // A day the month does not have comes back as another one.
        guard PlanDate(daysSinceEpoch: self.daysSinceEpoch) == self else { return nil }
    }

    package var daysSinceEpoch: Int {
        let shiftedYear = self.month <= 2 ? self.year - 1 : self.year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (self.month > 2 ? self.month - 3 : self.month + 9) + 2) / 5 + self.day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Written as `2026-01-15`.
    package var text: String {
        "\(padded(self.year, to: 4))-\(padded(self.month, to: 2))-\(padded(self.day, to: 2))"
    }
}

/// An instant of the plan in whole seconds since 1970, UTC.
package struct PlanInstant: Hashable, Comparable, Sendable {
    package let secondsSinceEpoch: Int

    package init(secondsSinceEpoch: Int) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// Reads an instant such as `2026-01-15T05:52:00Z`, fractions dropped; nil for anything else.
    package init?(_ text: String) {
        guard let milliseconds = RFC3339.epochMilliseconds(text) else { return nil }
        self.secondsSinceEpoch = Int(milliseconds).dividedRoundingDown(by: 1000)
    }

    package static func < (left: PlanInstant, right: PlanInstant) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    package var date: PlanDate {
        PlanDate(daysSinceEpoch: self.secondsSinceEpoch.dividedRoundingDown(by: 86_400))
    }

    private var secondOfDay: Int {
        self.secondsSinceEpoch - self.secondsSinceEpoch.dividedRoundingDown(by: 86_400) * 86_400
    }

    /// Written as `2026-01-15T05:52:00Z`.
    package var text: String { RFC3339.string(epochSeconds: Int64(self.secondsSinceEpoch)) }

    /// Written as `05:52:00`.
    package var clockText: String {
        let second = self.secondOfDay
        return "\(padded(second / 3600, to: 2)):\(padded(second / 60 % 60, to: 2)):\(padded(second % 60, to: 2))"
    }

    /// Written as `0552`.
    var hourMinuteText: String {
        let second = self.secondOfDay
        return "\(padded(second / 3600, to: 2))\(padded(second / 60 % 60, to: 2))"
    }

    /// Written as `Thu`.
    var weekdayText: String {
        // 1970-01-01 was a Thursday.
        let day = self.secondsSinceEpoch.dividedRoundingDown(by: 86_400) + 4
        return ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][day - day.dividedRoundingDown(by: 7) * 7]
    }

    /// `Thu, 15 Jan 2026 05:52:00 GMT`, the form of HTTP's `Date` header.
    var httpText: String {
        let date = self.date
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(self.weekdayText), \(padded(date.day, to: 2)) \(months[date.month - 1]) "
            + "\(padded(date.year, to: 4)) \(self.clockText) GMT"
    }
}

/// The decimal digits of a number that is not negative, with leading zeros up to `width`.
func padded(_ value: Int, to width: Int) -> String {
    let digits = String(value)
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}

extension Int {
    fileprivate func dividedRoundingDown(by divisor: Int) -> Int {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
