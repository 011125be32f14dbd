/// What kind of figure a metric is; decides how it is exposed.
enum MetricKind: Sendable {
    case counter
    case gauge
    case histogram
}

/// One series: a metric's name with the values of its labels.
struct MetricIdentity: Sendable, Hashable {
    let name: String
    /// Sorted by name, so that the order in which a caller gives them does not matter.
    let labels: [MetricLabel]

    init(name: String, labels: [MetricLabel]) {
        self.name = name
        self.labels = labels
    }

    /// Names are brought into the form Prometheus demands: letters, digits and underscores, no digit first.
    init(label: String, dimensions: [(String, String)]) {
        self.name = Self.sanitized(label)
        self.labels = dimensions.map { MetricLabel(name: Self.sanitized($0.0), value: $0.1) }
            .sorted { $0.name < $1.name }
    }

    private static func sanitized(_ text: String) -> String {
        var bytes = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        if bytes.first.map({ $0 <= UInt8(ascii: "9") }) ?? true {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A label of a series.
struct MetricLabel: Sendable, Hashable {
    let name: String
    let value: String
}
