import Foundation
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
        self.plan.seed = try reader.unsigned("seed") ?? self.plan.seed
        self.plan.streams = try reader.int("streams", in: 1...99_999) ?? self.plan.streams
        self.plan.agents = try reader.int("agents", in: 1...999) ?? self.plan.agents
        self.plan.limit = try reader.int("limit", in: 0...1024) ?? self.plan.limit
        let date = try reader.string("planDate")
        let start = try reader.string("startOfDay")
        if date != nil || start != nil {
            let current = self.plan.instant(0)
            guard let midnight = PlanInstant("\(date ?? current.date.text)T00:00:00Z") else {
                throw reader.problem("planDate", "a date such as 2026-01-15 is expected")
            }
            guard let instant = PlanInstant("\(midnight.date.text)T\(start ?? String(current.clockText.prefix(5))):00Z")
            else { throw reader.problem("startOfDay", "a time such as 06:00 is expected") }
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
        self.recordFile = try reader.string("record") ?? self.recordFile
        if let file = try reader.string("replay") {
            guard let bytes = FileManager.default.contents(atPath: file) else {
                throw reader.problem("replay", "a file that can be read is expected")
            }
            self.replay = try ActionLog.entries(in: Array(bytes))
        }
        try self.applyNodes(&reader)
        try self.applyAccounts(&reader)
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
        self.plan.fenceStatus = try reader.choice("fenceStatus") ?? self.plan.fenceStatus
        self.exceedMax = try reader.choice("exceedMax") ?? self.exceedMax
        self.errorBody = try reader.choice("errorBody") ?? self.errorBody
        self.unauthorizedBody = try reader.choice("unauthorizedBody") ?? self.unauthorizedBody
    }

    /// The lowest version of TLS clients may use.
    enum TLSMinimum: String, CaseIterable {
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
