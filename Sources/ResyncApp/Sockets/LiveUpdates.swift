import Foundation
import JSON
import TWS
import WebSockets

/// Turns changes of the plan into events of topics.
///
/// A change goes to the topic of all jobs and to those of its state, folder, stream and workstation, of the old value and
/// of the new one.
struct LiveUpdates: Sendable {
    let sockets: ConnectionManager
    let engine: String

    /// Called by the mirror, one change at a time, in order.
    func publish(_ change: PlanChange) {
        let time = Date(timeIntervalSince1970: Double(EngineClock.systemMilliseconds()) / 1000)
        switch change.event {
        case .job(let kind, let job, let previous):
            self.publish(kind, job, previous, change, time)
        case .stream(let kind, let stream, _):
            self.send(
                self.data(kind, "jobStream") { $0.fields(of: stream, engine: self.engine, now: change.time) },
                to: LiveTopics.jobStreams,
                time
            )
        case .workstation(let kind, let workstation, _):
            let data = self.data(kind, "workstation") { $0.fields(of: workstation, engine: self.engine) }
            self.send(data, to: LiveTopics.workstations, time)
        case .planReplaced(let reason):
            var json = JSONWriter()
            json.beginObject()
            json.field("kind", "plan.replaced")
            json.field("reason", reason)
            json.endObject()
            self.send(json.bytes, to: LiveTopics.jobs, time, position: change)
        }
    }

    private func publish(
        _ kind: PlanChange.Kind,
        _ job: PlanJob,
        _ previous: PlanJob?,
        _ change: PlanChange,
        _ time: Date
    ) {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.field("kind", kind.rawValue)
        json.key("job")
        json.write(job, engine: self.engine, now: change.time)
        if let previous, previous.status != job.status { json.field("previousStatus", previous.status) }
        if let previous, previous.internalStatus != job.internalStatus {
            json.field("previousInternalStatus", previous.internalStatus)
        }
        json.endObject()
        self.send(json.bytes, to: LiveTopics.jobs, time, position: change)
        for topic in Self.topics(of: job, previous, engine: self.engine) { self.send(json.bytes, to: topic, time) }
    }

    /// All but `plan.jobs`.
    private static func topics(of job: PlanJob, _ previous: PlanJob?, engine: String) -> Set<String> {
        var topics: Set = [LiveTopics.job(id: EngineID.external(job.id, engine: engine))]
        for each in [job, previous].compactMap({ $0 }) {
            topics.insert(LiveTopics.jobs(status: each.status))
            topics.insert(LiveTopics.jobs(folder: each.folder))
            topics.insert(LiveTopics.jobs(stream: each.stream))
            topics.insert(LiveTopics.jobs(workstation: each.workstation))
            if each.critical { topics.insert(LiveTopics.critical) }
        }
        return topics
    }

    private func data(_ kind: PlanChange.Kind, _ name: StaticString, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("kind", kind.rawValue)
        json.key(name)
        json.beginObject()
        write(&json)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private func send(_ data: [UInt8], to topic: String, _ time: Date, position change: PlanChange? = nil) {
        self.sockets.publish(
            topic: LiveTopics.topic(topic, engine: self.engine),
            data: data,
            time: time,
            position: change.map { TopicPosition(epoch: $0.epoch, offset: $0.offset) }
        )
    }
}

extension LiveUpdates {
    /// Before the first change: the topic of all jobs has the mirror's epoch, so that a list's position fits it.
    func begin(epoch: String) {
        self.sockets.begin(
            topic: LiveTopics.topic(LiveTopics.jobs, engine: self.engine),
            at: TopicPosition(epoch: epoch, offset: 0)
        )
    }
}
