import JSON

@testable import TWS

/// Jobs as the scheduler's answers would make them.
enum PlanFixture {
    struct NoJob: Error {}

    static func job(
        _ id: String,
        name: String? = nil,
        stream: String = "JS1",
        workstation: String = "AGT1",
        folder: String = "/",
        status: String = "RUNNING",
        internalStatus: String = "EXEC",
        priority: Int = 10,
        critical: Bool = false,
        scheduledAt: String? = "2026-01-15T05:00:00Z",
        startedAt: String? = nil,
        endedAt: String? = nil,
        deadlineAt: String? = nil
    ) throws -> PlanJob {
        var time: [JSONValue.Field] = []
        if let startedAt { time.append(.init("actualStartTime", .string(startedAt))) }
        if let endedAt { time.append(.init("actualEndTime", .string(endedAt))) }
        let run: JSONValue = [
            "id": .string("run-\(id)"), "lastInRerunChain": true, "runAttempt": 1, "timeInfo": .object(time),
        ]
        var fields: [JSONValue.Field] = [
            .init("id", .string(id)), .init("name", .string(name ?? "JOB_\(id)")),
            .init("jobStreamName", .string(stream)),
            .init("jobStreamId", .string("stream-\(stream)")), .init("workstation", .string("/\(workstation)")),
            .init("folder", .string(folder)), .init("lastRunCommonStatus", .string(status)),
            .init("lastRunCompositeStatus", ["status": .string(internalStatus)]),
            .init("priority", .integer(Int64(priority))), .init("jobOptions", ["critical": .bool(critical)]),
            .init("jobruns", [run]),
        ]
        if let scheduledAt { fields.append(.init("schedTime", .string(scheduledAt))) }
        if let deadlineAt { fields.append(.init("timeRestrictions", ["deadlineTime": .string(deadlineAt)])) }
        let document = try JSONDocument(parsing: JSONValue.object(fields).bytes)
        var pool = StringPool()
        guard let job = PlanJob(document.root, changedAt: 0, pool: &pool) else {
            throw NoJob()
        }
        return job
    }

    /// Milliseconds since 1970 of 2026-01-15 at the time.
    static func at(_ time: String) -> Int64 { RFC3339.epochMilliseconds("2026-01-15T\(time)Z") ?? 0 }
}
