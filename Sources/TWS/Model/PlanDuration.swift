import JSON

/// Durations as the scheduler writes them.
///
/// Documented as ISO 8601 text; how a live engine serialises them is not established, so a number (or a numeric text) is
/// read as milliseconds.
enum PlanDuration {
    static func seconds(_ element: JSONElement?) -> Double? {
        guard let element else { return nil }
        if let milliseconds = element.double { return Self.plausible(milliseconds / 1000) }
        guard let text = element.string else { return nil }
        if let milliseconds = Double(text) { return Self.plausible(milliseconds / 1000) }
        return Self.seconds(text)
    }

    /// `PT1H24M30S`, `P1DT2H`, `PT0.5S`; years and months have no fixed length and are refused.
    static func seconds(_ text: String) -> Double? {
        var rest = text[...]
        guard rest.popFirst() == "P" else { return nil }
        var total = 0.0
        var inTime = false
        var found = false
        while let first = rest.first {
            if first == "T" {
                guard !inTime else { return nil }
                inTime = true
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let value = Double(digits), let unit = rest.dropFirst(digits.count).first else { return nil }
            switch (unit, inTime) {
            case ("W", false): total += value * 604_800
            case ("D", false): total += value * 86_400
            case ("H", true): total += value * 3600
            case ("M", true): total += value * 60
            case ("S", true): total += value
            default: return nil
            }
            found = true
            rest = rest.dropFirst(digits.count + 1)
        }
        return found ? Self.plausible(total) : nil
    }

    private static func plausible(_ seconds: Double) -> Double? {
        seconds.isFinite && seconds >= 0 && seconds < 1e12 ? seconds : nil
    }
}
