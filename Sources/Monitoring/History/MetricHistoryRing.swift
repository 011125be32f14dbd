/// The last points of several series, sampled together: a value without clock or lock.
struct MetricHistoryRing: Sendable {
    /// Oldest first once full; `next` is where the following row goes.
    private var times: [Double] = []
    private var rows: [String: [Float]] = [:]
    private var next = 0
    private let capacity: Int

    /// At least one point is kept.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Adds one point of each series; a series missing from `values` has no value at that time.
    mutating func append(_ values: [String: Double], at epochSeconds: Double) {
        let isFull = self.times.count == self.capacity
        if isFull { self.times[self.next] = epochSeconds } else { self.times.append(epochSeconds) }
        for name in Set(self.rows.keys).union(values.keys) {
            let value = values[name].map { Float($0) } ?? .nan
            // A series seen for the first time has no values at the times before.
            var row = self.rows[name] ?? Array(repeating: .nan, count: self.times.count - (isFull ? 0 : 1))
            if isFull { row[self.next] = value } else { row.append(value) }
            self.rows[name] = row
        }
        self.next = (self.next + 1) % self.capacity
    }

    /// The series' points in time order; with `step`, the mean of each step, at its beginning.
    func points(
        of name: String,
        from: Double,
        to: Double,
        step: Double
    ) -> [MetricHistoryPoint] {
        guard let row = self.rows[name] else { return [] }
        let start = self.times.count == self.capacity ? self.next : 0
        var points: [MetricHistoryPoint] = []
        var bucket: (time: Double, sum: Double, count: Double)?
        for offset in self.times.indices {
            let index = (start + offset) % self.times.count
            let (time, value) = (self.times[index], row[index])
            guard time >= from, time <= to, !value.isNaN else { continue }
            guard step > 0 else {
                points.append(MetricHistoryPoint(epochSeconds: time, value: Double(value)))
                continue
            }
            let begin = (time / step).rounded(.down) * step
            if let open = bucket, open.time == begin {
                bucket = (begin, open.sum + Double(value), open.count + 1)
            } else {
                if let open = bucket {
                    points.append(MetricHistoryPoint(epochSeconds: open.time, value: open.sum / open.count))
                }
                bucket = (begin, Double(value), 1)
            }
        }
        if let open = bucket {
            points.append(MetricHistoryPoint(epochSeconds: open.time, value: open.sum / open.count))
        }
        return points
    }
}

/// One value at one time.
package struct MetricHistoryPoint: Sendable, Hashable {
    package let epochSeconds: Double
    package let value: Double
}
