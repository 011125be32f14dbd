/// The text a scraper reads.
package enum MetricExposition: Sendable {
    /// https://prometheus.io/docs/instrumenting/exposition_formats/
    case prometheus
    /// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
    case openMetrics

    /// OpenMetrics only when the client names it: the older text is what everything else reads.
    package init(accept: String?) {
        self = accept?.lowercased().contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    package var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// Everything the registry knows; costs a pass over all series.
    package func render(_ registry: MetricsRegistry) -> [UInt8] {
        var text = ExpositionText()
        for family in registry.families() {
            self.write(family, to: &text)
        }
        if self == .openMetrics { text.line("# EOF") }
        return text.bytes
    }

    private func write(_ family: MetricFamily, to text: inout ExpositionText) {
        // OpenMetrics names the family of a counter without the suffix its samples carry.
        let isSuffixed = family.name.hasSuffix("_total")
        let familyName =
            self == .openMetrics && family.kind == .counter && isSuffixed
            ? String(family.name.dropLast("_total".count)) : family.name
        let sampleName =
            self == .openMetrics && family.kind == .counter && !isSuffixed ? "\(family.name)_total" : family.name

        text.line("# HELP \(familyName) \(MetricCatalogue.help(for: family.name))")
        text.line("# TYPE \(familyName) \(family.kind.word)")
        for sample in family.samples {
            switch sample.value {
            case .number(let value): text.sample(sampleName, sample.labels, value)
            case .histogram(let bounds, let counts, let sum):
                var accumulated: UInt64 = 0
                for (index, count) in counts.enumerated() {
                    accumulated += count
                    let bound = index < bounds.count ? ExpositionText.number(bounds[index]) : "+Inf"
                    let labels = sample.labels + [MetricLabel(name: "le", value: bound)]
                    text.sample("\(family.name)_bucket", labels, Double(accumulated))
                }
                text.sample("\(family.name)_sum", sample.labels, sum)
                text.sample("\(family.name)_count", sample.labels, Double(accumulated))
            }
        }
    }
}

extension MetricKind {
    fileprivate var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

/// Lines of the exposition formats.
private struct ExpositionText {
    private(set) var bytes: [UInt8] = []

    init() {
        self.bytes.reserveCapacity(64 * 1024)
    }

    mutating func line(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    mutating func sample(_ name: String, _ labels: [MetricLabel], _ value: Double) {
        self.bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            self.bytes.append(UInt8(ascii: "{"))
            for (index, label) in labels.enumerated() {
                if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
                self.bytes.append(contentsOf: label.name.utf8)
                self.bytes.append(contentsOf: "=\"".utf8)
                self.escaped(label.value)
                self.bytes.append(UInt8(ascii: "\""))
            }
            self.bytes.append(UInt8(ascii: "}"))
        }
        self.line(" \(Self.number(value))")
    }

    static func number(_ value: Double) -> String {
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int64(value)) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return String(value)
    }

    private mutating func escaped(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): self.bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\""): self.bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\n"): self.bytes.append(contentsOf: "\\n".utf8)
            default: self.bytes.append(byte)
            }
        }
    }
}
