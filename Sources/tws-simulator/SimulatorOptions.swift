import ArgumentParser
import JSON

/// Where the simulator can be reached; bounds are checked where the configuration file's are.
struct AddressOptions: ParsableArguments {
    @Option(help: "Port of the master; 0 takes a free one. (default: 31116)")
    var port: Int?

    @Option(help: "Port of the backup master; 0 for none. (default: the one behind the master's)")
    var backupPort: Int?

    @Option(help: "Port of the admin surface, on loopback; 0 takes a free one. (default: 31180)")
    var adminPort: Int?

    @Flag(help: "HTTP instead of HTTPS.")
    var plainHttp = false

    @Option(help: "Where to write the certificate clients have to trust.")
    var certificateFile: String?

    /// What was given, by the names the configuration file has for it; the backup's port means something else there.
    var fields: [JSONValue.Field] {
        [
            .given("port", self.port), .given("adminPort", self.adminPort), .given("plainHttp", self.plainHttp),
            .given("certificateFile", self.certificateFile),
        ].compactMap { $0 }
    }
}

/// What the plan is like and how it moves.
struct PlanOptions: ParsableArguments {
    @Option(help: "What the plan is drawn from. (default: 42)")
    var seed: UInt64?

    @Option(help: "Job streams of a plan day, about 7.5 jobs each. (default: 200)")
    var streams: Int?

    @Option(help: "Workstations that run jobs. (default: 8)")
    var agents: Int?

    @Option(help: "Jobs a workstation runs at once. (default: 20)")
    var limit: Int?

    @Option(help: "Virtual seconds in a real one; 0 freezes time. (default: 1)")
    var speed: Double?

    @Option(help: "Virtual time at the start: 06:00, or seconds since the start of the plan day. (default: 0)")
    var startVirtual: StartTime?

    @Option(help: "First plan day. (default: 2026-01-15)")
    var planDate: String?

    @Flag(help: "Begin a new plan day after the first.")
    var rollover = false

    /// What was given, by the names the configuration file has for it.
    var fields: [JSONValue.Field] {
        [
            // As text, because it may be larger than an integer of JSON.
            .given("seed", self.seed.map(String.init)), .given("streams", self.streams), .given("agents", self.agents),
            .given("limit", self.limit), .given("speed", self.speed),
            .given("startVirtual", self.startVirtual?.seconds), .given("planDate", self.planDate),
            .given("rollover", self.rollover),
        ].compactMap { $0 }
    }
}

/// A time of the plan day: `06:00`, or a number of seconds.
struct StartTime: ExpressibleByArgument {
    let seconds: Int

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        if parts.count == 1, let seconds = parts[0] {
            self.seconds = seconds
        } else if parts.count == 2, let hour = parts[0], let minute = parts[1], (0...23).contains(hour),
            (0...59).contains(minute)
        {
            self.seconds = hour * 3600 + minute * 60
        } else {
            return nil
        }
    }
}

extension JSONValue.Field {
    fileprivate static func given(_ name: String, _ value: Int?) -> Self? {
        value.map { Self(name, .integer(Int64($0))) }
    }

    fileprivate static func given(_ name: String, _ value: Double?) -> Self? {
        value.map { Self(name, .double($0)) }
    }

    fileprivate static func given(_ name: String, _ value: String?) -> Self? {
        value.map { Self(name, .string($0)) }
    }

    /// A flag says only yes.
    fileprivate static func given(_ name: String, _ flag: Bool) -> Self? {
        flag ? Self(name, .bool(true)) : nil
    }
}
