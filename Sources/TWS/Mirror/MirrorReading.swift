import Concurrency

/// What a step of the mirror has read, before the state machine has seen it.
enum MirrorReading {
    case delta([PlanJob])
    case jobs([PlanJob], ids: [String])
    case status([PlanJob], String)
    case counts(PlanCounts)
    case sweepPage([PlanJob]?)
    case streams([PlanJobStream], ids: [String])
    case allStreams([PlanJobStream])
    case workstations([PlanWorkstation])
    case nothing

    static func read(
        _ step: MirrorStateMachine.Step,
        from client: TWSClient,
        _ sweep: inout PlanMirror.SweepReader?
    ) async throws -> MirrorReading {
        // Bounds a list of many pages; each request has the client's own, shorter timeout.
        let deadline = Deadline.after(client.settings.requestTimeout * 4)
        switch step {
        case .wait: return .nothing
        case .delta(let since):
            return .delta(try await client.jobs(where: Self.delta(since: since), deadline: deadline))
        case .jobs(let ids):
            return .jobs(try await self.jobs(ids: ids, from: client, deadline: deadline), ids: ids)
        case .status(let status):
            let jobs = try await client.jobs(
                where: .compare(.jobStatus, .equal, .text(status)),
                deadline: deadline
            )
            return .status(jobs, status)
        case .counts:
            return .counts(try await client.jobCounts(deadline: deadline))
        case .sweepPage(let isFirst):
            return .sweepPage(try await self.page(from: client, isFirst: isFirst, &sweep, deadline: deadline))
        case .streams(let ids):
            let streams = try await client.streams(
                where: .isOneOf(.id, ids.map { .text($0) }),
                deadline: deadline
            )
            return .streams(streams, ids: ids)
        case .allStreams: return .allStreams(try await client.streams(deadline: deadline))
        case .workstations: return .workstations(try await client.workstations(deadline: deadline))
        }
    }

    /// The next page of the whole plan; its reader is kept until the last, and given up when it can give no more.
    private static func page(
        from client: TWSClient,
        isFirst: Bool,
        _ sweep: inout PlanMirror.SweepReader?,
        deadline: Deadline
    ) async throws -> [PlanJob]? {
        if isFirst || sweep == nil { sweep = PlanMirror.SweepReader(pager: try client.jobPager(where: nil)) }
        do {
            let page = try await sweep?.pager.next { try await client.send($0, deadline: deadline) }
            if page == nil { sweep = nil }
            return page
        } catch {
            if sweep?.pager.isFinished == true { sweep = nil }
            throw error
        }
    }

    private static func jobs(ids: [String], from client: TWSClient, deadline: Deadline) async throws -> [PlanJob] {
        let texts = ids.filter(OQL.accepts).map(OQLValue.text)
        var jobs = texts.isEmpty ? [] : try await client.jobs(where: .isOneOf(.id, texts), deadline: deadline)
        // What cannot stand in a query can still be a part of a path.
        for id in ids where !OQL.accepts(id) {
            do {
                jobs.append(try await client.job(id: id, deadline: deadline).job)
            } catch let error as TWSError where error.isLasting {
                continue
            }
        }
        return jobs
    }

    func apply(
        to machine: inout MirrorStateMachine,
        now: MirrorStateMachine.Instant,
        engineNow: Int64
    ) -> PlanContent.Events {
        switch self {
        case .delta(let rows): machine.received(delta: rows, now: now)
        case .jobs(let rows, let ids): machine.received(rows, forIDs: ids, now: now)
        case .status(let rows, let status): machine.received(rows, withStatus: status, now: now)
        case .counts(let counts): machine.received(counts, now: now, engineNow: engineNow)
        case .sweepPage(let rows): machine.received(sweepPage: rows, now: now)
        case .streams(let rows, let ids): machine.received(streams: rows, forIDs: ids)
        case .allStreams(let rows): machine.received(allStreams: rows)
        case .workstations(let rows): machine.received(workstations: rows, now: now)
        case .nothing: []
        }
    }

    /// The database has no "changed since": what runs or may start next, and what started or ended lately.
    private static func delta(since: Int64) -> OQLCondition {
        .any([
            .isOneOf(.jobStatus, [.text(PlanStatus.running), .text(PlanStatus.ready)]),
            .compare(.jobStarted, .atLeast, .instant(since)),
            .compare(.jobEnded, .atLeast, .instant(since)),
        ])
    }
}
