import JSON

/// The `Date` header of HTTP in its one valid form: `Thu, 15 Jan 2026 05:52:00 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06", "Jul": "07", "Aug": "08",
        "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
    ]

    static func epochMilliseconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT", let month = self.months[String(parts[2])]
        else { return nil }
        return RFC3339.epochMilliseconds("\(parts[3])-\(month)-\(parts[1])T\(parts[4])Z")
    }
}
