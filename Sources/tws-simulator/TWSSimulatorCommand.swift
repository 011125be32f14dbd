import ArgumentParser
import Foundation
import Glibc
import JSON
import Logging
import ServiceLifecycle
import TWSSimulator

/// `tws-simulator`: the simulated workload scheduler on its ports until a signal stops it.
@main
struct TWSSimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tws-simulator",
        abstract: "A workload scheduler that behaves, and misbehaves on demand."
    )

    @Option(help: "Port of the master; 0 takes a free one.")
    var port: Int?

    @Option(help: "Port of the backup master; by default the one behind the master's, 0 for none.")
    var backupPort: Int?

    @Option(help: "Port of the admin surface, on loopback; 0 takes a free one.")
    var adminPort: Int?

    @Option(help: "What the plan is drawn from.")
    var seed: Int?

    @Option(help: "Job streams of a plan day, about 7.5 jobs each.")
    var streams: Int?

    @Option(help: "Workstations that run jobs.")
    var agents: Int?

    @Option(help: "Jobs a workstation runs at once.")
    var limit: Int?

    @Option(help: "Virtual seconds in a real one; 0 freezes time.")
    var speed: Double?

    @Option(help: "Virtual time at the start: 06:00, or seconds since the start of the plan day.")
    var startVirtual: String?

    @Option(help: "First plan day, such as 2026-01-15.")
    var planDate: String?

    @Flag(help: "Begin a new plan day after the first.")
    var rollover = false

    @Flag(help: "HTTP instead of HTTPS.")
    var plainHttp = false

    @Option(help: "Where to write the certificate clients have to trust.")
    var certificateFile: String?

    @Option(help: "JSON file with any of the simulator's settings; options win over it.")
    var config: String?

    func run() async throws {
        let configuration: SimulatorConfiguration
        do {
            configuration = try self.makeConfiguration()
        } catch {
            throw Self.exit(.validationFailure, "\(error)")
        }
        var logger = Logger(label: "tws-simulator")
        logger.logLevel = .warning
        let group = ServiceGroup(
            services: [AnnouncedServer(server: SimulatorServer(configuration: configuration))],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        do {
            try await group.run()
        } catch let error as SimulatorError {
            let isPlace = error.code == .cannotBind || error.code == .cannotCreate
            throw Self.exit(ExitCode(isPlace ? EX_CANTCREAT : EX_SOFTWARE), "\(error)")
        }
    }

    private static func exit(_ code: ExitCode, _ message: String) -> ExitCode {
        FileHandle.standardError.write(Data("tws-simulator: \(message)\n".utf8))
        return code
    }

    private func makeConfiguration() throws -> SimulatorConfiguration {
        var configuration = SimulatorConfiguration()
        if let config {
            configuration = try SimulatorConfiguration(parsing: Array(Data(contentsOf: URL(filePath: config))))
        }
        try configuration.apply(.object(try self.options()))
        if let backupPort {
            configuration.backupPort = backupPort == 0 ? nil : backupPort
        } else if configuration.backupPort == nil, self.config == nil {
            configuration.backupPort = configuration.port == 0 ? 0 : configuration.port + 1
        }
        return configuration
    }

    /// The options given, by the names the configuration file has for them.
    private func options() throws -> [JSONValue.Field] {
        let numbers = [
            ("port", self.port), ("adminPort", self.adminPort), ("seed", self.seed), ("streams", self.streams),
            ("agents", self.agents), ("limit", self.limit), ("startVirtual", try self.startVirtual.map(Self.seconds)),
        ]
        let texts = [("planDate", self.planDate), ("certificateFile", self.certificateFile)]
        var fields = numbers.compactMap { name, value in
            value.map { JSONValue.Field(name, .integer(Int64($0))) }
        }
        fields += texts.compactMap { name, value in value.map { JSONValue.Field(name, .string($0)) } }
        if let speed { fields.append(JSONValue.Field("speed", .double(speed))) }
        if self.rollover { fields.append(JSONValue.Field("rollover", .bool(true))) }
        if self.plainHttp { fields.append(JSONValue.Field("plainHttp", .bool(true))) }
        return fields
    }

    private static func seconds(_ text: String) throws -> Int {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        switch parts.count {
        case 1: if let seconds = parts[0] { return seconds }
        case 2:
            if let hour = parts[0], let minute = parts[1], (0...59).contains(minute) {
                return hour * 3600 + minute * 60
            }
        default: break
        }
        throw ValidationError("--start-virtual takes a time such as 06:00 or a number of seconds, not \(text)")
    }
}

/// The simulator as a service that says where it can be reached.
private struct AnnouncedServer: Service {
    let server: SimulatorServer

    func run() async throws {
        try await self.server.run {
            let backup = self.server.backupURL.map { ", backup \($0)" } ?? ""
            let line =
                "tws-simulator ready: \(self.server.url)\(backup), admin http://localhost:\(self.server.adminPort)/sim/state\n"
            // Not buffered: somebody waits for this line.
            FileHandle.standardOutput.write(Data(line.utf8))
        }
    }
}
