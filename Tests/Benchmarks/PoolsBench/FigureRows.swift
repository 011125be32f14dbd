import Foundation

/// The figures of one group of benchmarks: printed as they come and kept in `.build/bench/results.json`, where they
/// replace the rows the group has left before.
struct FigureRows {
    private static let file = URL(fileURLWithPath: ".build/bench/results.json")

    private let group: String
    private var rows: [[String: Any]] = []

    init(group: String) {
        self.group = group
    }

    mutating func add(_ figure: String, _ value: Double, _ unit: String, target: String? = nil, isMet: Bool = true) {
        let rounded = (value * 1000).rounded() / 1000
        var row: [String: Any] = ["figure": figure, "value": rounded, "unit": unit]
        if let target {
            row["target"] = target
            row["met"] = isMet
        }
        self.rows.append(row)
        print("\(figure)  \(rounded) \(unit)\(target.map { "  target \($0): \(isMet ? "met" : "missed")" } ?? "")")
    }

    func save() throws {
        var all: [[String: Any]] = []
        if FileManager.default.fileExists(atPath: Self.file.path) {
            let present = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.file))
            all = (present as? [[String: Any]] ?? []).filter { row in
                (row["figure"] as? String)?.hasPrefix("\(self.group).") != true
            }
        }
        let directory = Self.file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let data = try JSONSerialization.data(withJSONObject: all + self.rows, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: Self.file, options: .atomic)
    }
}
