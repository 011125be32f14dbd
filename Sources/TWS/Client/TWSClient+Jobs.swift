import Concurrency
import JSON

/// Reading jobs.
extension TWSClient {
    /// Leaves out job definitions and dependencies, which are most of a row.
    static let leanScope = "WHOLE_NO_JOB_DEFINITIONS_AND_NO_DEPENDENCIES"

    /// All jobs that match, each once, in no order that means anything.
    package func jobs(
        where condition: OQLCondition? = nil,
        planFilter: String? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> [PlanJob] {
        var pager = try self.jobPager(where: condition, planFilter: planFilter)
        var jobs: [PlanJob] = []
        while let page = try await pager.next({ try await self.send($0, deadline: deadline, requestID: requestID) }) {
            jobs += page
        }
        return jobs
    }

    func jobPager(
        where condition: OQLCondition?,
        planFilter: String? = nil
    ) throws(TWSError) -> TWSPager<PlanJob> {
        let clock = self.clock
        var pool = StringPool()
        return try TWSPager(
            TWSListQuery(
                operation: "list jobs",
                path: "/plan/job",
                condition: condition,
                planFilter: planFilter,
                scope: Self.leanScope,
                pageSize: self.settings.pageSize
            )
        ) { element in
            PlanJob(element, changedAt: clock.milliseconds, pool: &pool).map { ($0.id, $0) }
        }
    }

    package func job(id: String, deadline: Deadline, requestID: String? = nil) async throws -> PlanJobDetail {
        let call = TWSCall(operation: "read job", path: "/plan/job/\(try TWSPath.segment(id))")
        let root = try await self.send(call, deadline: deadline, requestID: requestID).document.root
        guard let detail = PlanJobDetail(root, changedAt: self.clock.milliseconds) else {
            throw TWSError(code: .malformedAnswer, message: "read job: an answer without id")
        }
        return detail
    }

    package enum Direction: String, Sendable {
        case predecessors
        case successors
    }

    /// What comes before or after a job, up to `depth` steps away.
    package func neighbours(
        ofJob id: String,
        _ direction: Direction,
        depth: Int = 1,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> [PlanNode] {
        let call = TWSCall(
            operation: "read \(direction.rawValue) of job",
            path: "/plan/job/\(try TWSPath.segment(id))/\(direction.rawValue)",
            query: [("depth", "\(max(1, depth))")]
        )
        return try await self.nodes(call, deadline: deadline, requestID: requestID)
    }

    func nodes(_ call: TWSCall, deadline: Deadline, requestID: String?) async throws -> [PlanNode] {
        let root = try await self.send(call, deadline: deadline, requestID: requestID).document.root
        guard let results = root["results"]?.elements else {
            throw TWSError(code: .malformedAnswer, message: "\(call.operation): an answer without results")
        }
        let now = self.clock.milliseconds
        var pool = StringPool()
        return results.compactMap { PlanNode($0, changedAt: now, pool: &pool) }
    }

    /// Jobs per state, or per workstation or folder, as the engine counts them.
    package func jobCounts(
        by grouping: [PlanCounts.Grouping] = [.status],
        planFilter: String = "/@/@#/@/@.@",
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> PlanCounts {
        var call = TWSCall(operation: "count jobs", path: "/plan/job/count", query: [("plan_filter", planFilter)])
        if !grouping.isEmpty {
            call.query.append(("grouping_filters", grouping.map(\.rawValue).joined(separator: ",")))
        }
        return PlanCounts(try await self.send(call, deadline: deadline, requestID: requestID).document.root)
    }
}

/// How many objects there are, and how many in each group.
package struct PlanCounts: Sendable, Hashable {
    package enum Grouping: String, Sendable {
        case workstation
        case status
        case folder
    }

    package let total: Int
    /// With several groupings the parts of a key are joined by a separator that is not documented: group by one.
    package let groups: [String: Int]

    init(total: Int, groups: [String: Int]) {
        self.total = total
        self.groups = groups
    }

    init(_ element: JSONElement) {
        var groups: [String: Int] = [:]
        if let fields = element["groupedCount"]?.fields {
            for (name, value) in fields {
                if let count = value.int ?? value.string.flatMap({ Int($0) }) { groups[name, default: 0] += count }
            }
        }
        self.groups = groups
        self.total = element.number("count") ?? groups.values.reduce(0, +)
    }

    /// Jobs per state, when the groups are states at all; engines may group by something we do not know.
    var statuses: [String: Int]? {
        guard !self.groups.isEmpty, self.groups.keys.allSatisfy(PlanStatus.all.contains) else { return nil }
        return self.groups
    }
}

/// A job or a job stream in the graph of dependencies.
package enum PlanNode: Sendable {
    case job(PlanJob)
    case stream(PlanJobStream)

    init?(_ element: JSONElement, changedAt: Int64, pool: inout StringPool) {
        if element.text("flowNodeType") == "JOBSTREAM" {
            guard let stream = PlanJobStream(element, changedAt: changedAt, pool: &pool) else { return nil }
            self = .stream(stream)
        } else {
            guard let job = PlanJob(element, changedAt: changedAt, pool: &pool) else { return nil }
            self = .job(job)
        }
    }
}
