import FoundationEssentials

extension RFC3339 {
    /// In milliseconds, the nearest one.
    package static func string(from date: Date) -> String {
        self.string(epochMilliseconds: date.epochMilliseconds)
    }

    package static func parse(_ text: String) -> Date? {
        self.epochMilliseconds(text).map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }
}

extension JSONWriter {
    /// The instant as text of RFC 3339.
    package mutating func field(_ name: StaticString, _ value: Date) {
        self.field(name, epochMilliseconds: value.epochMilliseconds)
    }

    package mutating func field(_ name: StaticString, _ value: Date?) {
        if let value { self.field(name, value) }
    }
}

extension Date {
    /// The nearest millisecond; an instant that does not fit becomes the first or last one that does.
    fileprivate var epochMilliseconds: Int64 {
        let value = (self.timeIntervalSince1970 * 1000).rounded()
        return Int64(exactly: value) ?? (value < 0 ? .min : .max)
    }
}
