/// The figures of one scrape.
package struct MetricSamples: Sendable {
    private var byName: [String: MetricFamily] = [:]

    init() {}

    /// A figure that only grows; `name` ends with `_total`.
    package mutating func counter(_ name: String, _ value: Double, labels: [(String, String)] = []) {
        self.append(MetricIdentity(label: name, dimensions: labels), .counter, .number(value))
    }

    /// A figure that goes up and down.
    package mutating func gauge(_ name: String, _ value: Double, labels: [(String, String)] = []) {
        self.append(MetricIdentity(label: name, dimensions: labels), .gauge, .number(value))
    }

    /// A name used for two kinds keeps the first: a scrape with both would be refused as a whole.
    mutating func append(_ identity: MetricIdentity, _ kind: MetricKind, _ value: MetricSample.Value) {
        var family = self.byName[identity.name] ?? MetricFamily(name: identity.name, kind: kind)
        guard family.kind == kind else { return }
        family.samples.append(MetricSample(labels: identity.labels, value: value))
        self.byName[identity.name] = family
    }

    /// Sorted by name, the series within by their labels, so that two scrapes differ in values only.
    var families: [MetricFamily] {
        self.byName.values.sorted { $0.name < $1.name }.map { family in
            var family = family
            family.samples.sort { left, right in
                left.labels.lexicographicallyPrecedes(right.labels) { ($0.name, $0.value) < ($1.name, $1.value) }
            }
            return family
        }
    }
}

/// All series of one metric.
struct MetricFamily: Sendable {
    let name: String
    let kind: MetricKind
    var samples: [MetricSample] = []
}

/// The figure of one series.
struct MetricSample: Sendable {
    /// A number, or the counts of a distribution.
    enum Value: Sendable {
        case number(Double)
        /// Counts per bucket, the last for what exceeds every bound.
        case histogram(bounds: [Double], counts: [UInt64], sum: Double)
    }

    let labels: [MetricLabel]
    let value: Value
}
