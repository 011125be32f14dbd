/// The fixed bounds of histograms, by the unit a metric's name ends with.
enum MetricBuckets {
    /// Seconds: the advice of OpenTelemetry for HTTP durations, with finer steps below for pool waits.
    static let seconds: [Double] = [
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    static let bytes: [Double] = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]
    /// Anything else: counts of things.
    static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000]

    static func bounds(for name: String) -> [Double] {
        if name.hasSuffix("_seconds") { return self.seconds }
        if name.hasSuffix("_bytes") { return self.bytes }
        return self.counts
    }
}
