import InboundHTTP
import TWS

/// Which jobs a client asks for; all parts must hold, each part is any of its values.
struct JobFilter: Sendable, Hashable {
    var statuses: Set<String> = []
    var internalStatuses: Set<String> = []
    var names: [Wildcard] = []
    var streams: [Wildcard] = []
    var workstations: [Wildcard] = []
    var folders: [Wildcard] = []
    var engines: Set<String> = []
    var isCritical: Bool?
    var isLate: Bool?
    /// Milliseconds since 1970.
    var from: Int64?
    var to: Int64?
    /// Lowercased text looked for in name, stream and id.
    var text: String?

    init() {}

    init(_ query: QueryParameters) throws(HTTPProblem) {
        self.statuses = Set(query.list("status"))
        if let unknown = self.statuses.subtracting(PlanStatus.all).sorted().first {
            throw HTTPProblem.invalidParameter(
                "status",
                "\(unknown): expected one of \(PlanStatus.all.joined(separator: ", "))"
            )
        }
        self.internalStatuses = Set(query.list("internalStatus"))
        self.names = query.list("name").map(Wildcard.init)
        self.streams = query.list("stream").map(Wildcard.init)
        self.workstations = query.list("workstation").map(Wildcard.init)
        self.folders = query.list("folder").map(Wildcard.init)
        self.engines = Set(query.list("engine"))
        self.isCritical = try query.bool("critical")
        self.isLate = try query.bool("late")
        self.from = try query.time("from")
        self.to = try query.time("to")
        if let from, let to, from > to { throw HTTPProblem.invalidParameter("to", "expected a time not before `from`") }
        if let text = query["q"]?.lowercased(), !text.isEmpty { self.text = text }
    }

    /// Query parameters the initialiser reads.
    static let parameters: [OperationDescription.Parameter] = [
        .init("status", in: .query, "Any of these states.", schema: Schema.oneOf(PlanStatus.all)),
        .init("internalStatus", in: .query, "Any of these states of the scheduler."),
        .init("name", in: .query, "Name of the job; @ is any run of characters, ? one."),
        .init("stream", in: .query, "Name of the job stream, with @ and ?."),
        .init("workstation", in: .query, "Name of the workstation, with @ and ?."),
        .init("folder", in: .query, "Folder of the job, with @ and ?."),
        .init("engine", in: .query, "Name of the engine."),
        .init("critical", in: .query, "Only critical jobs, or only others.", schema: Schema.boolean),
        .init("late", in: .query, "Only late jobs, or only others.", schema: Schema.boolean),
        .init("from", in: .query, "Jobs that end, or have not ended, after this time.", schema: Schema.time),
        .init("to", in: .query, "Jobs scheduled to start before this time.", schema: Schema.time),
        .init("q", in: .query, "A part of the name, the stream or the id."),
    ]

    /// `now` is the engine's time in milliseconds since 1970.
    func matches(_ job: PlanJob, now: Int64) -> Bool {
        if !self.statuses.isEmpty, !self.statuses.contains(job.status) { return false }
        if !self.internalStatuses.isEmpty, !self.internalStatuses.contains(job.internalStatus) { return false }
        if let isCritical, job.critical != isCritical { return false }
        if !Self.anyMatches(self.names, job.name) || !Self.anyMatches(self.streams, job.stream) { return false }
        if !Self.anyMatches(self.workstations, job.workstation) || !Self.anyMatches(self.folders, job.folder) {
            return false
        }
        if let isLate, job.isLate(at: now) != isLate { return false }
        let start = job.scheduledAt ?? job.startedAt ?? now
        if let from, (job.endedAt ?? max(start, now)) < from { return false }
        if let to, start > to { return false }
        if let text, !Self.contains(text, job) { return false }
        return true
    }

    private static func anyMatches(_ patterns: [Wildcard], _ text: String) -> Bool {
        patterns.isEmpty || patterns.contains { $0.matches(text) }
    }

    private static func contains(_ text: String, _ job: PlanJob) -> Bool {
        Self.contains(text.utf8, in: job.name.utf8) || Self.contains(text.utf8, in: job.stream.utf8)
            || job.id.utf8.count == text.utf8.count && Self.contains(text.utf8, in: job.id.utf8)
    }

    /// Whether the lowercased text occurs, letters of ASCII in either case; names have no others.
    private static func contains(_ text: String.UTF8View, in name: String.UTF8View) -> Bool {
        var start = name.startIndex
        for _ in 0..<max(0, name.count - text.count + 1) {
            if zip(name[start...], text).allSatisfy({ byte, wanted in
                byte == wanted || (0x41...0x5A).contains(byte) && byte | 0x20 == wanted
            }) {
                return true
            }
            start = name.index(after: start)
        }
        return false
    }
}
