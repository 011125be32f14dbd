import JSON

/// A request that changed the plan, and when: what a run of the simulator depends on besides its configuration.
package struct RecordedRequest: Sendable, Equatable {
    /// Virtual time of its arrival, in seconds since the start of the first plan day.
    let virtualSeconds: Int
    let method: String
    /// Path and query: of the product, or the admin surface's for a forced status.
    let target: String
    /// A JSON object, or nothing.
    let body: [UInt8]

    init(virtualSeconds: Int, method: String, target: String, body: [UInt8]) {
        self.virtualSeconds = virtualSeconds
        self.method = method
        self.target = target
        self.body = body
    }

    init(_ request: SimulatorRequest, at time: Int) {
        self.init(virtualSeconds: time, method: request.method, target: request.target, body: request.body)
    }

    /// One line of an action log, its end included.
    var line: [UInt8] {
        var writer = JSONWriter(capacity: 256 + self.body.count)
        writer.beginObject()
        writer.field("virtualSeconds", self.virtualSeconds)
        writer.field("method", self.method)
        writer.field("target", self.target)
        // It was read as JSON before it changed anything. Line ends between its tokens mean nothing and would end the line.
        let body = self.body.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        if !body.isEmpty {
            writer.key("body")
            writer.raw(body)
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    var request: SimulatorRequest {
        SimulatorRequest(
            node: 0,
            method: self.method,
            target: self.target,
            headers: [(name: "content-type", value: "application/json")],
            body: self.body
        )
    }
}

/// An action log as text: one JSON object a line, in the order of virtual time.
enum ActionLog {
    /// - Throws: ``ConfigurationError`` that names the line.
    static func entries(in bytes: [UInt8]) throws(ConfigurationError) -> [RecordedRequest] {
        var entries: [RecordedRequest] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= UInt8(ascii: " ") }) {
            entries.append(
                try self.entry(Array(line), at: "replay (line \(index + 1))", after: entries.last?.virtualSeconds ?? 0)
            )
        }
        return entries
    }

    private static func entry(
        _ line: [UInt8],
        at place: String,
        after earliest: Int
    ) throws(ConfigurationError) -> RecordedRequest {
        let json: JSONValue
        do { json = try JSONValue(parsing: line) } catch {
            throw ConfigurationError(path: place, expected: "a JSON object is expected")
        }
        var reader = try ConfigurationReader(json, at: place)
        guard let time = try reader.int("virtualSeconds", in: earliest...Int(Int32.max)) else {
            throw reader.problem("virtualSeconds", "an integer is expected")
        }
        let method = try reader.string("method") ?? ""
        let target = try reader.string("target") ?? ""
        let body = reader.value("body")
        guard body.map({ $0.fields != nil }) ?? true else { throw reader.problem("body", "an object is expected") }
        try reader.finish()
        let entry = RecordedRequest(
            virtualSeconds: time,
            method: method,
            target: target,
            body: body.map(\.bytes) ?? []
        )
        guard ReplayedRequest(entry) != nil else {
            throw reader.problem("target", "with its method, a request that changes the plan is expected")
        }
        return entry
    }
}

/// What a line of an action log stands for.
enum ReplayedRequest {
    case operation(Operation, parameters: [String])
    case force(job: String)

    /// Nil for what changes nothing.
    init?(_ entry: RecordedRequest) {
        guard let segments = entry.request.segments else { return nil }
        if entry.method == "POST", segments.count == 4, segments[0...1] == ["sim", "job"], segments[3] == "force" {
            self = .force(job: segments[2])
            return
        }
        guard entry.method != "GET",
            case .operation(let operation, let parameters) = Operation.match(method: entry.method, segments: segments)
        else { return nil }
        self = .operation(operation, parameters: parameters)
    }
}
