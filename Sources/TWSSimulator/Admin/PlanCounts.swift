import JSON

extension PlanEngine {
    /// Jobs by common and by internal status, streams by internal status.
    package func counts(
        at time: Int
    ) -> (jobs: [CommonStatus: Int], internal: [JobStatus: Int], streams: [JobStreamStatus: Int]) {
        var jobs: [CommonStatus: Int] = [:]
        var statuses: [JobStatus: Int] = [:]
        var streams: [JobStreamStatus: Int] = [:]
        for job in self.jobs {
            jobs[self.commonStatus(of: job), default: 0] += 1
            statuses[job.shownStatus, default: 0] += 1
        }
        for place in self.streams.indices { streams[self.streamStatus(place, at: time), default: 0] += 1 }
        return (jobs, statuses, streams)
    }

    func writeCounts(at time: Int, to writer: inout JSONWriter) {
        let counts = self.counts(at: time)
        writer.object("counts") { writer in
            writer.object("jobs") { $0.counts(counts.jobs) }
            writer.object("internal") { $0.counts(counts.internal) }
            writer.object("jobStreams") { $0.counts(counts.streams) }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func counts<Key: RawRepresentable<String>>(_ counts: [Key: Int]) {
        for (name, count) in counts.map({ ($0.key.rawValue, $0.value) }).sorted(by: { $0.0 < $1.0 }) {
            self.key(string: name)
            self.value(count)
        }
    }
}
