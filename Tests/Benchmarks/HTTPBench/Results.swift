import Foundation

/// The file all benchmarks write to, and the table they print.
enum Results {
    enum Bound {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by ratio: Double) -> Bool {
            switch self {
            case .atLeast(let least): ratio >= least
            case .atMost(let most): ratio <= most
            }
        }

        var text: String {
            switch self {
            case .atLeast(let least): ">= \(Results.rounded(least))"
            case .atMost(let most): "<= \(Results.rounded(most))"
            }
        }
    }

    struct Row: Encodable {
        var figure: String
        var value: Double
        var unit: String
        var against: String
        var theirs: Double
        var ratio: Double
        var target: String
        var met: Bool

        init(figure: String, value: Double, unit: String, against: String, theirs: Double, bound: Bound) {
            self.figure = figure
            self.value = Results.rounded(value)
            self.unit = unit
            self.against = against
            self.theirs = Results.rounded(theirs)
            self.ratio = Results.rounded(value / theirs)
            self.target = bound.text
            self.met = bound.isMet(by: value / theirs)
        }
    }

    /// Replaces the rows of `group` and keeps the others.
    static func merge(_ rows: [Row], group: String, into path: String) throws {
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var all: [[String: Any]] = []
        if FileManager.default.fileExists(atPath: path) {
            let present = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]] ?? []
            all = present.filter { !(($0["figure"] as? String)?.hasPrefix(group) ?? false) }
        }
        let fresh = try JSONSerialization.jsonObject(with: JSONEncoder().encode(rows))
        all += fresh as? [[String: Any]] ?? []
        let data = try JSONSerialization.data(withJSONObject: all, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: file, options: .atomic)
    }

    static func table(_ rows: [Row]) -> String {
        let head = ["figure", "value", "unit", "against", "theirs", "ratio", "target", "met"]
        let lines =
            [head]
            + rows.map { row in
                [
                    row.figure, "\(row.value)", row.unit, row.against, "\(row.theirs)", "\(row.ratio)", row.target,
                    row.met ? "yes" : "no",
                ]
            }
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// Three significant digits are more than the measurement has.
    static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        let scale = pow(10, 2 - (log10(abs(value))).rounded(.down))
        return (value * scale).rounded() / scale
    }
}
