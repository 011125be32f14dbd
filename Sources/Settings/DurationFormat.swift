/// Durations as people write them: a whole or decimal number and one of ms, s, m, h, d.
package enum DurationFormat {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Nil for anything else, negative numbers and what overflows included.
    package static func parse(_ text: String) -> Duration? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text[number.endIndex...]
        guard let unit = self.units.first(where: { $0.suffix == suffix }), let count = Double(number), count.isFinite
        else {
            return nil
        }
        let milliseconds = (count * Double(unit.milliseconds)).rounded()
        return Int64(exactly: milliseconds).map { .milliseconds($0) }
    }

    /// The largest unit that keeps the number whole; "0s" for nothing.
    package static func write(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0, let unit = self.units.last(where: { milliseconds % $0.milliseconds == 0 }) else {
            return "0s"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
