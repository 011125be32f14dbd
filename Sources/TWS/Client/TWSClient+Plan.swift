import Concurrency
import JSON

/// Reading job streams, workstations, resources and what the engine says about itself.
extension TWSClient {
    package func streams(
        where condition: OQLCondition? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> [PlanJobStream] {
        var pager = try self.streamPager(where: condition)
        var streams: [PlanJobStream] = []
        while let page = try await pager.next({ try await self.send($0, deadline: deadline, requestID: requestID) }) {
            streams += page
        }
        return streams
    }

    func streamPager(where condition: OQLCondition?) throws(TWSError) -> TWSPager<PlanJobStream> {
        let clock = self.clock
        var pool = StringPool()
        return try TWSPager(
            TWSListQuery(
                operation: "list job streams",
                path: "/plan/jobstream",
                condition: condition,
                scope: Self.leanScope,
                pageSize: self.settings.pageSize
            )
        ) { element in
            PlanJobStream(element, changedAt: clock.milliseconds, pool: &pool).map { ($0.id, $0) }
        }
    }

    /// A job stream with what it waits for and its jobs.
    package func stream(
        id: String,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> PlanJobStreamDetail {
        let call = TWSCall(operation: "read job stream", path: "/plan/jobstream/\(try TWSPath.segment(id))")
        let root = try await self.send(call, deadline: deadline, requestID: requestID).document.root
        guard let detail = PlanJobStreamDetail(root, changedAt: self.clock.milliseconds) else {
            throw TWSError(code: .malformedAnswer, message: "read job stream: an answer without id")
        }
        return detail
    }

    package func neighbours(
        ofStream id: String,
        _ direction: Direction,
        depth: Int = 1,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> [PlanNode] {
        let call = TWSCall(
            operation: "read \(direction.rawValue) of job stream",
            path: "/plan/jobstream/\(try TWSPath.segment(id))/\(direction.rawValue)",
            query: [("depth", "\(max(1, depth))")]
        )
        return try await self.nodes(call, deadline: deadline, requestID: requestID)
    }

    package func workstations(
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> [PlanWorkstation] {
        try await self.all("list workstations", "/plan/workstation", deadline, requestID) { element in
            PlanWorkstation(element).map { ($0.id, $0) }
        }
    }

    package func workstation(
        id: String,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> PlanWorkstation {
        let call = TWSCall(operation: "read workstation", path: "/plan/workstation/\(try TWSPath.segment(id))")
        let root = try await self.send(call, deadline: deadline, requestID: requestID).document.root
        guard let workstation = PlanWorkstation(root) else {
            throw TWSError(code: .malformedAnswer, message: "read workstation: an answer without id")
        }
        return workstation
    }

    package func resources(deadline: Deadline, requestID: String? = nil) async throws -> [PlanResource] {
        try await self.all("list resources", "/plan/resource", deadline, requestID) { element in
            PlanResource(element).map { ($0.id, $0) }
        }
    }

    package func engineInfo(deadline: Deadline, requestID: String? = nil) async throws -> TWSEngineInfo {
        let call = TWSCall(operation: "read engine information", path: "/engine/info")
        return TWSEngineInfo(try await self.send(call, deadline: deadline, requestID: requestID).document.root)
    }

    private func all<Row>(
        _ operation: String,
        _ path: String,
        _ deadline: Deadline,
        _ requestID: String?,
        decode: @escaping (JSONElement) -> (id: String, row: Row)?
    ) async throws -> [Row] {
        let query = TWSListQuery(operation: operation, path: path, pageSize: self.settings.pageSize)
        var pager = try TWSPager(query, decode: decode)
        var rows: [Row] = []
        while let page = try await pager.next({ try await self.send($0, deadline: deadline, requestID: requestID) }) {
            rows += page
        }
        return rows
    }
}

/// A job stream read by id.
package struct PlanJobStreamDetail: Sendable {
    package let stream: PlanJobStream
    package let jobs: [PlanJob]
    package let dependencies: [PlanDependency]

    init?(_ element: JSONElement, changedAt: Int64) {
        var pool = StringPool()
        guard let stream = PlanJobStream(element, changedAt: changedAt, pool: &pool) else { return nil }
        self.stream = stream
        self.jobs = element["jobs"]?.elements?.compactMap { PlanJob($0, changedAt: changedAt, pool: &pool) } ?? []
        self.dependencies = element["dependencies"]?.elements?.compactMap(PlanDependency.init) ?? []
    }
}
