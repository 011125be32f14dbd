import JSON

/// The calls that read jobs and their logs.
let jobOperations: [Operation] = [
    Operation("listJobs", "GET", "plan/job") { scope throws(OperationError) in
        try jobListing(scope).page(of: jobRows(scope.view), scope)
    },
    Operation("countJobs", "GET", "plan/job/count") { scope throws(OperationError) in
        try scope.groupedCount(of: jobRows(scope.view), jobListing(scope)) { row, grouping in
            switch grouping {
            case .workstation: row.view.workstationPath(row.job.workstation)
            case .status: row.view.engine.commonStatus(of: row.job).rawValue
            case .folder: row.view.folder(row.stream)
            }
        }
    },
    Operation("getJob", "GET", "plan/job/*") { scope throws(OperationError) in
        let place = try scope.job()
        var writer = JSONWriter(capacity: 4096)
        scope.view.write(job: place, PlanDetail(dependencies: true), to: &writer)
        return .json(writer)
    },
    Operation("getJobPredecessors", "GET", "plan/job/*/predecessors") { scope throws(OperationError) in
        try scope.related(to: .job(try scope.job()), PlanGraph.predecessors)
    },
    Operation("getJobSuccessors", "GET", "plan/job/*/successors") { scope throws(OperationError) in
        try scope.related(to: .job(try scope.job()), PlanGraph.successors)
    },
    Operation("getJobLog", "GET", "plan/job/run/*/joblog") { scope throws(OperationError) in
        try jobLog(scope)
    },
]

func jobRows(_ view: PlanView) -> [JobRow] {
    view.visibleJobs.map { JobRow(view: view, place: $0) }
}

func jobListing(_ scope: OperationScope) -> Listing<JobRow> {
    let detail = scope.listDetail
    return Listing(
        fields: scope.configuration.knobs.fieldsIgnoreCase ? .jobsIgnoringCase : .jobs,
        filterKind: .jobs,
        filterName: "plan_filter",
        matches: { $0.matches($1) },
        write: { row, writer in row.view.write(job: row.place, detail, to: &writer) }
    )
}

extension OperationScope {
    /// The job named by the first parameter.
    func job() throws(OperationError) -> Int {
        try self.checkPlan()
        guard let place = self.view.job(id: self.parameters[0]) else { throw .notFound("jb", self.parameters[0]) }
        return place
    }

    /// What is connected with an object of the plan within the depth asked for, nearest first.
    func related(
        to node: PlanDependency,
        _ next: (PlanEngine, PlanDependency) -> [PlanDependency]
    ) throws(OperationError) -> SimulatorReply {
        let depth = try self.query.int("depth", in: 1...Int(Int32.max)) ?? 1
        let found = PlanGraph.reachable(from: node, in: self.view.engine, depth: depth, next)
        var writer = JSONWriter(capacity: found.count * 3000 + 64)
        writer.beginObject()
        writer.field("count", found.count)
        writer.array("results") { writer in
            for node in found {
                switch node {
                case .job(let place): self.view.write(job: place, PlanDetail(), to: &writer)
                case .stream(let place): self.view.write(stream: place, PlanDetail(), to: &writer)
                case .prompt: break
                }
            }
        }
        writer.endObject()
        return .json(writer, rows: found.count)
    }
}

/// Who follows whom in the plan.
enum PlanGraph {
    /// Jobs have their jobs before them; streams have streams.
    static func predecessors(_ engine: PlanEngine, _ node: PlanDependency) -> [PlanDependency] {
        switch node {
        case .job(let place):
            engine.dependencies(ofJob: place).filter { if case .job = $0 { true } else { false } }
        case .stream(let place): engine.dependencies(ofStream: place)
        case .prompt: []
        }
    }

    static func successors(_ engine: PlanEngine, _ node: PlanDependency) -> [PlanDependency] {
        switch node {
        case .job(let place):
            let job = engine.jobs[place]
            return engine.streams[job.stream].jobs
                .filter { engine.jobs[$0].character.predecessors.contains(job.position) }
                .map { .job($0) }
        case .stream(let place): return engine.streams[place].successors.map { .stream($0) }
        case .prompt: return []
        }
    }

    /// Breadth first, each object once, the start left out.
    static func reachable(
        from start: PlanDependency,
        in engine: PlanEngine,
        depth: Int,
        _ next: (PlanEngine, PlanDependency) -> [PlanDependency]
    ) -> [PlanDependency] {
        var found: [PlanDependency] = []
        var seen: Set<PlanDependency> = [start]
        var edge = [start]
        for _ in 0..<depth where !edge.isEmpty {
            edge = edge.flatMap { next(engine, $0) }.filter { seen.insert($0).inserted }
            found += edge
            if found.count >= PlanParameters.maximumRelated { break }
        }
        return Array(found.prefix(PlanParameters.maximumRelated))
    }
}

private func jobLog(_ scope: OperationScope) throws(OperationError) -> SimulatorReply {
    try scope.checkPlan()
    if let accept = scope.request.header("accept"),
        !accept.contains("text/plain"), !accept.contains("*/*"), !accept.contains("text/*")
    {
        throw OperationError(status: 406, message: "AWSBHU000E The log is text/plain.")
    }
    let from = try scope.query.int("from_line", in: 1...Int(Int32.max)) ?? 1
    let to = try scope.query.int("to_line", in: 1...Int(Int32.max)) ?? Int(Int32.max)
    let contentOnly = try scope.query.bool("contentOnly") ?? false
    let follow = try scope.query.bool("follow") ?? false
    let id = scope.parameters[0]
    guard let (place, run) = scope.view.run(id: id), let log = JobLog(scope.view, job: place, run: run) else {
        throw .notFound("jb", id)
    }
    let headers = [(name: "Content-Type", value: "text/plain; charset=utf-8")]
    if follow {
        let followed = FollowedLog(run: id, contentOnly: contentOnly, fromLine: from, toLine: to)
        return SimulatorReply(status: 200, headers: headers, body: .log(followed))
    }
    var lines = log.lines(contentOnly: contentOnly)
    var text: [UInt8] = []
    if let big = scope.bigLog {
        lines.insert(contentsOf: big.filler, at: contentOnly ? 0 : min(JobLog.headLines, lines.count))
    }
    if from <= to {
        for line in lines.dropFirst(from - 1).prefix(to - from + 1) {
            text.append(contentsOf: line.utf8)
            text.append(UInt8(ascii: "\n"))
        }
    }
    if scope.bigLog?.invalidBytes == true { text.append(contentsOf: [0xFF, 0xFE, 0x80, UInt8(ascii: "\n")]) }
    return SimulatorReply(status: 200, headers: headers, body: .bytes(text))
}

extension FaultEffect.BigLog {
    var filler: [String] {
        Array(repeating: String(repeating: "x", count: self.lineLength - 1), count: self.lines)
    }
}
