import JSON

extension SimulatorConfiguration {
    /// Reads a configuration file's JSON over the defaults.
    package init(parsing bytes: [UInt8]) throws {
        self.init()
        try self.apply(try JSONValue(parsing: bytes))
    }

    /// Changes what `json` names.
    package mutating func apply(_ json: JSONValue) throws(ConfigurationError) {
        var reader = try ConfigurationReader(json, at: "")
        try self.applyPlan(&reader)
        try self.applyServer(&reader)
        try self.applyAnswers(&reader)
        if let faults = try reader.array("faults") { self.faults = try FaultRule.rules(faults, at: "faults") }
        try reader.finish()
    }

    private mutating func applyPlan(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        if let seed = try reader.int("seed", in: 0...Int.max) { self.plan.seed = UInt64(seed) }
        self.plan.streams = try reader.int("streams", in: 1...99_999) ?? self.plan.streams
        self.plan.agents = try reader.int("agents", in: 1...999) ?? self.plan.agents
        self.plan.limit = try reader.int("limit", in: 0...1024) ?? self.plan.limit
        let date = try reader.string("planDate")
        let start = try reader.string("startOfDay")
        if date != nil || start != nil {
            guard let instant = PlanInstant("\(date ?? "2026-01-15")T\(start ?? "00:00"):00Z") else {
                throw reader.problem(
                    "planDate",
                    "a date such as 2026-01-15, with startOfDay such as 06:00, is expected"
                )
            }
            self.plan.startSecondsSinceEpoch = instant.secondsSinceEpoch
        }
        self.plan.timeZone = try reader.string("timeZone") ?? self.plan.timeZone
        self.plan.rollover = try reader.bool("rollover") ?? self.plan.rollover
        self.plan.reloadSeconds = try reader.int("reloadSeconds", in: 0...86_400) ?? self.plan.reloadSeconds
        self.plan.prompts = try reader.bool("prompts") ?? self.plan.prompts
    }

    private mutating func applyServer(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        self.speed = try reader.double("speed", in: 0...100_000) ?? self.speed
        self.startVirtual = try reader.int("startVirtual", in: 0...31_536_000) ?? self.startVirtual
        self.mirrorLagSeconds = try reader.int("mirrorLagSeconds", in: 0...86_400) ?? self.mirrorLagSeconds
        self.host = try reader.string("host") ?? self.host
        self.port = try reader.int("port", in: 0...65_535) ?? self.port
        self.backupPort = try reader.int("backupPort", in: 0...65_535) ?? self.backupPort
        self.adminPort = try reader.int("adminPort", in: 0...65_535) ?? self.adminPort
        self.plainHTTP = try reader.bool("plainHttp") ?? self.plainHTTP
        self.certificateFile = try reader.string("certificateFile") ?? self.certificateFile
        self.certificateFlaw = try reader.choice("certificate") ?? self.certificateFlaw
        if let version: TLSMinimum = try reader.choice("tlsMinimum") { self.requiresTLS13 = version == .tls13 }
        self.maxBodyBytes = try reader.int("maxBodyBytes", in: 0...(1 << 30)) ?? self.maxBodyBytes
        self.strictContentType = try reader.bool("strictContentType") ?? self.strictContentType
        self.ltpaMinutes = try reader.int("ltpaMinutes", in: 0...525_600) ?? self.ltpaMinutes
        if let users = try reader.array("users") {
            self.users = []
            for (index, user) in users.enumerated() {
                var reader = try ConfigurationReader(user, at: "users[\(index)]")
                guard let name = try reader.string("name"), let password = try reader.string("password") else {
                    throw reader.problem("name", "a name and a password are expected")
                }
                try reader.finish()
                self.users.append(User(name: name, password: password))
            }
        }
        if let tokens = try reader.array("tokens") {
            self.tokens = []
            for (index, token) in tokens.enumerated() {
                var reader = try ConfigurationReader(token, at: "tokens[\(index)]")
                guard let text = try reader.string("jwt"), let user = try reader.string("user") else {
                    throw reader.problem("jwt", "a jwt and a user are expected")
                }
                let expiry = try reader.string("expiresAt")
                let instant = expiry.flatMap { PlanInstant($0) }
                guard (expiry == nil) == (instant == nil) else {
                    throw reader.problem("expiresAt", "an instant such as 2026-01-15T12:00:00Z is expected")
                }
                try reader.finish()
                self.tokens.append(Token(text: text, user: user, expiresAt: instant))
            }
        }
    }

    private mutating func applyAnswers(_ reader: inout ConfigurationReader) throws(ConfigurationError) {
        self.knobs.version = try reader.string("version") ?? self.knobs.version
        self.pageURLHost = try reader.string("pageUrlHost") ?? self.pageURLHost
        self.knobs.listDependencies = try reader.bool("listDependencies") ?? self.knobs.listDependencies
        self.knobs.groupSeparator = try reader.string("groupSeparator") ?? self.knobs.groupSeparator
        if let style: IDStyle = try reader.choice("idStyle") { self.knobs.compositeIDs = style == .composite }
        if let fieldCase: FieldCase = try reader.choice("oqlFieldCase") {
            self.knobs.fieldsIgnoreCase = fieldCase == .insensitive
        }
        if let format: DurationFormat = try reader.choice("durationFormat") {
            self.knobs.durationsInMilliseconds = format == .milliseconds
        }
        if let off: CountOff = try reader.choice("includeCountOff") { self.knobs.countOffIsMinusOne = off == .minusOne }
        if let status: CanceledStatus = try reader.choice("canceledStatus") {
            self.plan.canceledHasOwnStatus = status == .cancl
        }
        self.errorBody = try reader.choice("errorBody") ?? self.errorBody
    }

    private enum TLSMinimum: String, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    private enum IDStyle: String, CaseIterable {
        case uuid
        case composite
    }

    private enum FieldCase: String, CaseIterable {
        case sensitive
        case insensitive
    }

    private enum DurationFormat: String, CaseIterable {
        case iso
        case milliseconds
    }

    private enum CountOff: String, CaseIterable {
        case omit
        case minusOne
    }

    private enum CanceledStatus: String, CaseIterable {
        case cancl = "CANCL"
        case last
    }
}
