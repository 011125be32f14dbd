import Collections

/// All jobs of a plan, found by what operators ask for.
///
/// Persistent hash trees: a copy costs nothing and a change to one copies a path of a few nodes, so that each snapshot
/// can keep its own.
package struct PlanJobIndex: Sendable {
    package typealias Jobs = TreeDictionary<String, PlanJob>

    package private(set) var byID: Jobs = [:]
    private var byStatus: TreeDictionary<String, Jobs> = [:]
    private var byStream: TreeDictionary<String, Jobs> = [:]
    private var byWorkstation: TreeDictionary<String, Jobs> = [:]
    private var byFolder: TreeDictionary<String, Jobs> = [:]
    package private(set) var critical: Jobs = [:]
    /// Those that can be late at all: with a deadline, a latest start, or the engine's word for it.
    package private(set) var timed: Jobs = [:]

    package init() {}

    package subscript(id: String) -> PlanJob? { self.byID[id] }

    package var count: Int { self.byID.count }

    /// In no order that means anything.
    package var all: [PlanJob] { Array(self.byID.values) }

    package func withStatus(_ status: String) -> [PlanJob] { Self.jobs(self.byStatus[status]) }

    /// By the stream's name, which several instances may share.
    package func inStream(_ name: String) -> [PlanJob] { Self.jobs(self.byStream[name]) }

    package func onWorkstation(_ name: String) -> [PlanJob] { Self.jobs(self.byWorkstation[name]) }

    package func inFolder(_ path: String) -> [PlanJob] { Self.jobs(self.byFolder[path]) }

    /// Only states that occur.
    package var countsByStatus: [String: Int] { Self.counts(self.byStatus) }

    package var countsByWorkstation: [String: Int] { Self.counts(self.byWorkstation) }

    package var countsByFolder: [String: Int] { Self.counts(self.byFolder) }

    package func count(status: String) -> Int { self.byStatus[status]?.count ?? 0 }

    func ids(status: String) -> some Sequence<String> { (self.byStatus[status] ?? [:]).keys }

    /// Adds the job or puts it in the place of the one with its id.
    mutating func put(_ job: PlanJob) {
        if let previous = self.byID.updateValue(job, forKey: job.id) { self.forget(previous, unlessKeyedLike: job) }
        self.byStatus[job.status, default: [:]][job.id] = job
        self.byStream[job.stream, default: [:]][job.id] = job
        self.byWorkstation[job.workstation, default: [:]][job.id] = job
        self.byFolder[job.folder, default: [:]][job.id] = job
        if job.critical { self.critical[job.id] = job }
        if job.isTimed { self.timed[job.id] = job }
    }

    mutating func remove(id: String) -> PlanJob? {
        guard let job = self.byID.removeValue(forKey: id) else { return nil }
        self.forget(job, unlessKeyedLike: nil)
        return job
    }

    private mutating func forget(_ job: PlanJob, unlessKeyedLike other: PlanJob?) {
        if job.status != other?.status { Self.remove(job, from: &self.byStatus, key: job.status) }
        if job.stream != other?.stream { Self.remove(job, from: &self.byStream, key: job.stream) }
        if job.workstation != other?.workstation { Self.remove(job, from: &self.byWorkstation, key: job.workstation) }
        if job.folder != other?.folder { Self.remove(job, from: &self.byFolder, key: job.folder) }
        if job.critical, other?.critical != true { self.critical[job.id] = nil }
        if job.isTimed, other?.isTimed != true { self.timed[job.id] = nil }
    }

    private static func remove(_ job: PlanJob, from index: inout TreeDictionary<String, Jobs>, key: String) {
        index[key]?[job.id] = nil
        if index[key]?.isEmpty == true { index[key] = nil }
    }

    private static func jobs(_ jobs: Jobs?) -> [PlanJob] { jobs.map { Array($0.values) } ?? [] }

    private static func counts(_ index: TreeDictionary<String, Jobs>) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (key, jobs) in index { counts[key] = jobs.count }
        return counts
    }
}

extension PlanJob {
    fileprivate var isTimed: Bool { self.flaggedLate || self.deadlineAt != nil || self.latestStartAt != nil }
}
