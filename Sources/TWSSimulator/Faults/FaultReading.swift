import JSON

extension FaultRule {
    /// Reads a list of rules; a rule without an id is numbered.
    static func rules(_ values: [JSONValue], at path: String) throws(ConfigurationError) -> [FaultRule] {
        var rules: [FaultRule] = []
        for (index, value) in values.enumerated() {
            let rule = try FaultRule(value, at: "\(path)[\(index)]", number: index + 1)
            guard !rules.contains(where: { $0.id == rule.id }) else {
                throw ConfigurationError(
                    path: "\(path)[\(index)].id",
                    value: .string(rule.id),
                    expected: "an id no earlier rule has is expected"
                )
            }
            rules.append(rule)
        }
        return rules
    }

    /// Reads `{"id","effect","match":{…},"parameters":{…}}`.
    package init(_ value: JSONValue, at path: String = "fault", number: Int = 1) throws(ConfigurationError) {
        var reader = try ConfigurationReader(value, at: path)
        let id = try reader.string("id") ?? "fault\(number)"
        guard let effect = try reader.string("effect") else {
            throw reader.problem("effect", "the name of an effect is expected")
        }
        let match = try FaultMatch(reader.value("match") ?? .object([]), at: reader.place("match"))
        var parameters = try ConfigurationReader(
            reader.value("parameters") ?? .object([]),
            at: reader.place("parameters")
        )
        guard let read = try FaultEffect(effect, &parameters) else {
            throw reader.problem("effect", "one of \(FaultEffect.names.joined(separator: ", ")) is expected")
        }
        try parameters.finish()
        try reader.finish()
        self.init(id: id, match: match, effect: read, source: value.bytes)
    }
}

extension FaultMatch {
    init(_ value: JSONValue, at path: String) throws(ConfigurationError) {
        self.init()
        var reader = try ConfigurationReader(value, at: path)
        self.node = try reader.string("node")
        self.method = try reader.string("method")
        self.path = try reader.string("path")
        if let pattern = self.path {
            do { _ = try Regex(pattern) } catch {
                throw reader.problem("path", "a regular expression is expected")
            }
        }
        self.user = try reader.string("user")
        self.after = try reader.int("after", in: 0...Int.max / 2) ?? 0
        self.first = try reader.int("first", in: 0...Int.max / 2)
        self.every = try reader.int("every", in: 1...Int.max / 2) ?? 1
        self.probability = try reader.double("probability", in: 0...1) ?? 1
        if let window = try Self.window("virtualWindow", &reader) {
            self.virtualWindow = Int(window.lowerBound)...Int(window.upperBound)
        }
        self.realWindow = try Self.window("realWindow", &reader)
        try reader.finish()
    }

    private static func window(
        _ name: String,
        _ reader: inout ConfigurationReader
    ) throws(ConfigurationError) -> ClosedRange<Double>? {
        guard let array = try reader.array(name) else { return nil }
        guard array.count == 2, let from = array[0].double, let to = array[1].double, from <= to, from >= 0, to < 1e12
        else { throw reader.problem(name, "two numbers of seconds, from and to, are expected") }
        return from...to
    }
}

extension FaultEffect {
    /// Nil for a name that is none.
    init?(_ name: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) {
        switch name {
        case "latency": self = .latency(try Self.latency(&reader))
        case "status":
            let codes = [400, 401, 403, 404, 409, 429, 500, 502, 503, 504]
            guard let code = try reader.int("code", in: 400...599), codes.contains(code) else {
                throw reader.problem("code", "one of \(codes) is expected")
            }
            self = .status(
                StatusReply(
                    code: code,
                    body: try reader.choice("body") ?? .messages,
                    retryAfter: try reader.int("retryAfter", in: 0...86_400)
                )
            )
        case "auth":
            if let user = try reader.string("revokeUser") {
                self = .revokeUser(user)
            } else if let skew = try reader.int("clockSkewSeconds", in: -31_536_000...31_536_000) {
                self = .clockSkew(seconds: skew)
            } else if try reader.bool("expire") == true {
                self = .expireCredentials
            } else {
                throw reader.problem("expire", "expire, revokeUser or clockSkewSeconds is expected")
            }
        case "drop":
            let phase: Drop.Phase = try reader.choice("phase") ?? .headers
            let kind: ConnectionEnd = try reader.choice("kind") ?? .fin
            self = .drop(Drop(phase: phase, extent: try Self.extent(&reader), reset: kind == .rst))
        case "slowBody":
            self = .slowBody(
                SlowBody(
                    bytesPerSecond: try reader.int("bytesPerSecond", in: 1...1_000_000_000) ?? 1000,
                    chunkBytes: try reader.int("chunkBytes", in: 1...1_048_576) ?? 256,
                    firstByteMilliseconds: try reader.int("firstByteMs", in: 0...3_600_000) ?? 0
                )
            )
        case "truncate":
            self = .truncate(
                Truncate(
                    extent: try Self.extent(&reader),
                    keepContentLength: try reader.bool("keepContentLength") ?? true
                )
            )
        case "corrupt": self = .corrupt(try reader.choice("kind") ?? .brokenJSON)
        case "paging": self = .paging(try Self.paging(&reader))
        case "stale": self = .stale(lagSeconds: try reader.int("mirrorLagSeconds", in: 0...86_400))
        case "bigLog": self = .bigLog(try Self.bigLog(&reader))
        case "hang": self = .hang(seconds: try reader.double("seconds", in: 0...86_400) ?? 600)
        case "concurrency":
            if let pool = try reader.int("joblogPool", in: 1...100_000) {
                self = .jobLogPool(pool)
            } else {
                self = .concurrency(
                    Concurrency(
                        maxInFlight: try reader.int("maxInFlight", in: 1...1_000_000) ?? 1,
                        overflow: try reader.choice("overflow") ?? .reject
                    )
                )
            }
        case "reload": self = .reload
        case "failover":
            self = .failover(
                seconds: try reader.int("failoverSeconds", in: 0...86_400) ?? 300,
                proxyMilliseconds: try reader.int("proxyMs", in: 0...600_000) ?? 0
            )
        case "tls":
            let minimum: SimulatorConfiguration.TLSMinimum? = try reader.choice("minimum")
            self = .tls(TLS(flaw: try reader.choice("certificate") ?? .none, requiresTLS13: minimum == .tls13))
        default: return nil
        }
    }

    /// The effects by the names rules have for them.
    static let names = [
        "latency", "status", "auth", "drop", "slowBody", "truncate", "corrupt", "paging", "stale", "bigLog", "hang",
        "concurrency", "reload", "failover", "tls",
    ]

    private enum ConnectionEnd: String, CaseIterable {
        case fin
        case rst
    }

    private static func latency(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> Latency {
        var latency = Latency()
        latency.fixedMilliseconds = try reader.double("fixedMs", in: 0...3_600_000) ?? 0
        latency.jitterMilliseconds = try reader.double("jitterMs", in: 0...3_600_000) ?? 0
        latency.perRowMicroseconds = try reader.double("perRowMicros", in: 0...1_000_000) ?? 0
        if let median = try reader.double("medianMs", in: 0.001...3_600_000) {
            let p99 = try reader.double("p99Ms", in: median...3_600_000) ?? median
            latency.lognormal = (median, p99)
        }
        return latency
    }

    /// Either so many lines or about so many bytes; never more than 50 MiB.
    private static func bigLog(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> BigLog {
        let most = 52_428_800
        let lineLength = try reader.int("lineLength", in: 1...1_048_576) ?? 120
        let lines: Int
        if let given = try reader.int("lines", in: 1...max(1, most / lineLength)) {
            lines = given
        } else {
            lines = max(1, (try reader.int("bytes", in: 1...most) ?? 1_048_576) / lineLength)
        }
        return BigLog(lines: lines, lineLength: lineLength, invalidBytes: try reader.bool("invalidBytes") ?? false)
    }

    private static func extent(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> Extent {
        if let fraction = try reader.double("fraction", in: 0...1) { return .fraction(fraction) }
        return .bytes(try reader.int("bytes", in: 0...1_000_000_000) ?? 0)
    }

    private static func paging(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> Paging {
        var paging = Paging()
        paging.shiftRows = try reader.int("shiftRows", in: -10_000...10_000) ?? 0
        paging.duplicateRows = try reader.int("duplicateRows", in: 0...10_000) ?? 0
        paging.wrongCount = try reader.bool("wrongCount") ?? false
        paging.internalHost = try reader.bool("internalHost") ?? false
        return paging
    }
}
