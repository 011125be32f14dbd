import Concurrency
import Foundation
import InboundHTTP
import JSON
import Pooling

/// `/pools`: figures for viewers, verbs for administrators.
struct PoolRoutes: Sendable {
    let pools: PoolManager
    let trail: ActionTrail

    private static let name = OperationDescription.Parameter("name", in: .path, "Name of the pool.")

    func register(in router: inout Router) {
        router.add(
            .GET,
            "/api/v1/pools",
            access: .role("viewer"),
            .init(
                id: "listPools",
                summary: "All pools and their figures.",
                tag: "pools",
                parameters: JobRoutes.page,
                responses: [.list("Pool")]
            ),
            handler: { try .list(self.pools.snapshots, for: $0, id: \.name) { $0.write($1) } }
        )
        router.add(
            .GET,
            "/api/v1/pools/{name}",
            access: .role("viewer"),
            .init(
                id: "getPool",
                summary: "One pool.",
                tag: "pools",
                parameters: [Self.name],
                responses: [.ok("The pool", "Pool")]
            ),
            handler: { request in
                let snapshot = try self.pool(of: request).snapshot
                return .json { $0.write(snapshot) }
            }
        )
        router.add(
            .GET,
            "/api/v1/pools/{name}/leases",
            access: .role("viewer"),
            .init(
                id: "listLeases",
                summary: "Who holds connections, the longest first.",
                tag: "pools",
                parameters: [Self.name] + JobRoutes.page,
                responses: [.list("Lease")]
            ),
            handler: { try .list(self.pool(of: $0).leases, for: $0, id: \.id) { $0.write($1) } }
        )
        router.add(
            .PATCH,
            "/api/v1/pools/{name}",
            access: .role("admin"),
            .init(
                id: "resizePool",
                summary: "Change the bounds of a pool at once.",
                tag: "pools",
                parameters: [Self.name],
                requestBody: .init(schema: Schema.ref("PoolSize")),
                responses: [.ok("The pool", "Pool")]
            ),
            handler: self.resize
        )
        for verb in Verb.allCases {
            router.add(
                .POST,
                "/api/v1/pools/{name}/actions/\(verb.rawValue)",
                access: .role("admin"),
                .init(
                    id: "\(verb.rawValue)Pool",
                    summary: verb.summary,
                    tag: "pools",
                    parameters: [Self.name],
                    responses: [.ok("The pool", "Pool")]
                ),
                handler: { try await self.perform(verb, $0) }
            )
        }
    }

    private enum Verb: String, CaseIterable {
        case suspend
        case resume
        case drain
        case evict

        var summary: String {
            switch self {
            case .suspend: "Lend no connections until resumed; callers wait."
            case .resume: "End a suspension or a drain."
            case .drain: "Lend no more and close connections as they come back."
            case .evict: "Replace every present connection."
            }
        }
    }

    private func pool(of request: HTTPRequest) throws(HTTPProblem) -> any ObservablePool {
        let name = try request.parameters.require("name")
        guard let pool = self.pools[name] else {
            throw HTTPProblem(.notFound, code: "not-found", detail: "There is no pool \(name).")
        }
        return pool
    }

    @Sendable private func resize(_ request: HTTPRequest) async throws -> HTTPResponse {
        let pool = try self.pool(of: request)
        let body = try await RequestObject(request)
        let minimum = try body.optionalInt("minSize", in: 0...100_000)
        let maximum = try body.optionalInt("maxSize", in: 1...100_000)
        try body.finish()
        let before = pool.snapshot
        try await self.trail.around("pool.resize", target: .pool(pool.name), request) {
            try pool.resize(min: minimum ?? before.minSize, max: maximum ?? before.maxSize)
        }
        let after = pool.snapshot
        return .json { $0.write(after) }
    }

    private func perform(_ verb: Verb, _ request: HTTPRequest) async throws -> HTTPResponse {
        let pool = try self.pool(of: request)
        try await self.trail.around("pool.\(verb.rawValue)", target: .pool(pool.name), request) {
            switch verb {
            case .suspend: pool.suspend()
            case .resume: pool.resume()
            case .drain: _ = await pool.drain(deadline: request.context.deadline)
            case .evict: pool.evict()
            }
        }
        let snapshot = pool.snapshot
        return .json { $0.write(snapshot) }
    }
}
