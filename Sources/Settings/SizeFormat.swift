/// Sizes in bytes as people write them: a whole number and one of B, KiB, MiB, GiB.
package enum SizeFormat {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    /// Nil for anything else, what overflows included.
    package static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard let unit = self.units.first(where: { $0.suffix == suffix }), let count = Int(digits) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// The largest unit that keeps the number whole.
    package static func write(_ bytes: Int) -> String {
        guard bytes != 0, let unit = self.units.last(where: { bytes % $0.bytes == 0 }) else { return "0B" }
        return "\(bytes / unit.bytes)\(unit.suffix)"
    }
}
