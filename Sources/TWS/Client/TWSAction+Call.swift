import JSON

extension TWSAction {
    /// The request that asks for it.
    func call(_ justification: TWSJustification?) throws(TWSError) -> TWSCall {
        var call = try self.call()
        call.headers = justification?.headers ?? []
        return call
    }

    private func call() throws(TWSError) -> TWSCall {
        switch self {
        case .job(let id, let action): return try action.call(jobID: id)
        case .rerun(let runID, let options):
            try Self.check(options.priority, in: 0...101, named: "priority")
            let path = "/plan/job/run/\(try TWSPath.segment(runID))/action/rerun"
            return .action("rerun job", path: path, body: options.body)
        case .cancelStream(let id):
            return .action("cancel job stream", path: "/plan/jobstream/\(try TWSPath.segment(id))/action/cancel")
        case .submitStream(let modelID, let options):
            try Self.check(options.priority, in: 0...101, named: "priority")
            let path = "/plan/jobstream/\(try TWSPath.segment(modelID))/submit"
            return .action("submit job stream", method: "POST", path: path, body: options.body)
        case .workstation(let id, let action): return try action.call(workstationID: id)
        case .replyToPrompt(let id, let yes):
            let path = "/plan/prompt/\(try TWSPath.segment(id))/action/reply"
            return .action("reply to prompt", path: path, body: JSONValue.object([.init("answer", .bool(yes))]).bytes)
        }
    }

    fileprivate static func check(
        _ value: Int?,
        in range: ClosedRange<Int>,
        named name: String
    ) throws(TWSError) {
        guard let value, !range.contains(value) else { return }
        throw TWSError(
            code: .invalidRequest,
            message: "\(name) \(value) is not in \(range.lowerBound) to \(range.upperBound)"
        )
    }
}

extension TWSJobAction {
    fileprivate func call(jobID: String) throws(TWSError) -> TWSCall {
        let path = "/plan/job/\(try TWSPath.segment(jobID))/action/\(self.name)"
        var call = TWSCall.action("\(self.name) job", path: path, body: self.body)
        if case .setPriority(let priority) = self {
            try TWSAction.check(priority, in: 0...101, named: "priority")
            call.query = [("priority", "\(priority)")]
            // The only one of which a second time is the same as the first.
            call.idempotent = true
        }
        return call
    }

    private var name: String {
        switch self {
        case .cancel: "cancel"
        case .kill: "kill"
        case .hold: "hold"
        case .release: "release"
        case .confirmSuccessful: "confirm-succ"
        case .confirmAbended: "confirm-abend"
        case .setPriority: "update-priority"
        case .releaseDependencies: "release-all-dependencies"
        }
    }

    private var body: [UInt8] {
        switch self {
        case .confirmSuccessful, .confirmAbended: JSONValue.object([.init("conditions", .array([]))]).bytes
        default: TWSCall.emptyBody
        }
    }
}

extension TWSWorkstationAction {
    fileprivate func call(workstationID: String) throws(TWSError) -> TWSCall {
        let path = "/plan/workstation/\(try TWSPath.segment(workstationID))/action/\(self.name)"
        var call = TWSCall.action("\(self.name) workstation", path: path)
        call.idempotent = true
        if case .setLimit(let limit) = self {
            try TWSAction.check(limit, in: 0...1024, named: "limit")
            call.query = [("limit", "\(limit)")]
        }
        return call
    }

    private var name: String {
        switch self {
        case .start: "start"
        case .stop: "stop"
        case .setLimit: "update-limit"
        }
    }
}

extension TWSRerunOptions {
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

extension TWSSubmitOptions {
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
