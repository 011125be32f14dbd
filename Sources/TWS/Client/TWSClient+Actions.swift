import Concurrency
import JSON

/// What an operator can do to a job.
package enum TWSJobAction: Sendable, Hashable {
    case cancel
    case kill
    case hold
    case release
    case confirmSuccessful
    case confirmAbended
    /// 0 holds, 100 is "hi", 101 is "go".
    case setPriority(Int)
    case releaseDependencies
}

/// That the engine has accepted a call; its effect comes later.
package struct TWSReceipt: Sendable, Hashable {
    /// The object acted upon or created; nil when the engine did not say.
    package let id: String?
}

/// How a job is run again.
package struct TWSRerunOptions: Sendable, Hashable {
    package var priority: Int?
    /// Milliseconds since 1970.
    package var startAt: Int64?
    package var stepName: String?
    /// Also what follows, so many steps deep.
    package var successorDepth: Int?
    package var variables: [String: String] = [:]

    package init() {}

    fileprivate var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("priority", self.priority)
        writer.field("startTime", epochMilliseconds: self.startAt)
        writer.field("stepName", self.stepName)
        if let successorDepth = self.successorDepth {
            writer.key("successorsInfo")
            writer.beginObject()
            writer.field("depth", successorDepth)
            writer.endObject()
        }
        writer.fields("variables", self.variables)
        writer.endObject()
        return writer.bytes
    }
}

/// How a job stream is submitted.
package struct TWSSubmitOptions: Sendable, Hashable {
    /// Milliseconds since 1970.
    package var inputArrival: Int64?
    package var alias: String?
    package var parameters: [String: String] = [:]
    package var priority: Int?

    package init() {}

    fileprivate var body: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("inputArrivalTime", epochMilliseconds: self.inputArrival)
        writer.field("alias", self.alias)
        writer.fields("parameters", self.parameters)
        writer.field("priority", self.priority)
        writer.endObject()
        return writer.bytes
    }
}

/// Changing the plan. Only calls whose repetition does nothing more are repeated after an unknown outcome.
extension TWSClient {
    package func perform(
        _ action: TWSJobAction,
        onJob id: String,
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        let (name, query, idempotent) = try action.parts()
        return try await self.receipt(
            .action(
                "\(name) job",
                path: "/plan/job/\(try TWSPath.segment(id))/action/\(name)",
                query: query,
                body: action.body,
                idempotent: idempotent,
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    /// Runs a job again; `runID` is its last run.
    package func rerun(
        run runID: String,
        options: TWSRerunOptions = TWSRerunOptions(),
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        if let priority = options.priority { try Self.check(priority, in: 0...101, named: "priority") }
        return try await self.receipt(
            .action(
                "rerun job",
                path: "/plan/job/run/\(try TWSPath.segment(runID))/action/rerun",
                body: options.body,
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    package func cancelStream(
        id: String,
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        try await self.receipt(
            .action(
                "cancel job stream",
                path: "/plan/jobstream/\(try TWSPath.segment(id))/action/cancel",
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    /// Submits a job stream of the model; the receipt names the new instance.
    package func submitStream(
        modelID: String,
        options: TWSSubmitOptions = TWSSubmitOptions(),
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        if let priority = options.priority { try Self.check(priority, in: 0...101, named: "priority") }
        return try await self.receipt(
            .action(
                "submit job stream",
                method: "POST",
                path: "/plan/jobstream/\(try TWSPath.segment(modelID))/submit",
                body: options.body,
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    package enum WorkstationAction: Sendable, Hashable {
        case start
        case stop
        /// Jobs at once, 0 to 1024.
        case setLimit(Int)
    }

    package func perform(
        _ action: WorkstationAction,
        onWorkstation id: String,
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        let (name, query): (String, [(name: String, value: String)])
        switch action {
        case .start: (name, query) = ("start", [])
        case .stop: (name, query) = ("stop", [])
        case .setLimit(let limit):
            try Self.check(limit, in: 0...1024, named: "limit")
            (name, query) = ("update-limit", [("limit", "\(limit)")])
        }
        return try await self.receipt(
            .action(
                "\(name) workstation",
                path: "/plan/workstation/\(try TWSPath.segment(id))/action/\(name)",
                query: query,
                idempotent: true,
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    package func replyToPrompt(
        id: String,
        yes: Bool,
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        try await self.receipt(
            .action(
                "reply to prompt",
                path: "/plan/prompt/\(try TWSPath.segment(id))/action/reply",
                body: JSONValue.object([.init("answer", .bool(yes))]).bytes,
                justification: justification
            ),
            deadline: deadline,
            requestID: requestID
        )
    }

    private func receipt(_ call: TWSCall, deadline: Deadline, requestID: String?) async throws -> TWSReceipt {
        let response = try await self.sendForReceipt(call, deadline: deadline, requestID: requestID)
        guard let root = response?.document.root else { return TWSReceipt(id: nil) }
        if root.flag("isError") || (root["error"]?.bool ?? false) {
            throw TWSError(
                code: .rejected,
                messageID: TWSErrorBody.messageID(in: root.text("message") ?? ""),
                message: "\(call.operation): \(root.text("message") ?? "refused without explanation")"
            )
        }
        // A submission answers a list of what it created.
        let first = root["results"]?.elements.flatMap { Array($0).first }
        return TWSReceipt(id: root.text("id") ?? first?.text("id"))
    }

    fileprivate static func check(_ value: Int, in range: ClosedRange<Int>, named name: String) throws(TWSError) {
        guard range.contains(value) else {
            throw TWSError(
                code: .invalidRequest,
                message: "\(name) \(value) is not in \(range.lowerBound) to \(range.upperBound)"
            )
        }
    }
}

extension TWSJobAction {
    /// The engine's name, the query, and whether doing it twice is the same as doing it once.
    fileprivate func parts() throws(TWSError) -> (String, [(name: String, value: String)], Bool) {
        switch self {
        case .cancel: return ("cancel", [], false)
        case .kill: return ("kill", [], false)
        case .hold: return ("hold", [], false)
        case .release: return ("release", [], false)
        case .confirmSuccessful: return ("confirm-succ", [], false)
        case .confirmAbended: return ("confirm-abend", [], false)
        case .releaseDependencies: return ("release-all-dependencies", [], false)
        case .setPriority(let priority):
            try TWSClient.check(priority, in: 0...101, named: "priority")
            return ("update-priority", [("priority", "\(priority)")], true)
        }
    }

    fileprivate var body: [UInt8] {
        switch self {
        case .confirmSuccessful, .confirmAbended: JSONValue.object([.init("conditions", .array([]))]).bytes
        default: Array("{}".utf8)
        }
    }
}

extension JSONWriter {
    /// An object of texts in the order of their names; nothing when there are none.
    fileprivate mutating func fields(_ name: StaticString, _ values: [String: String]) {
        guard !values.isEmpty else { return }
        self.key(name)
        self.beginObject()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            self.key(string: key)
            self.value(value)
        }
        self.endObject()
    }
}
