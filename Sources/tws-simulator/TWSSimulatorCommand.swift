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
        abstract: "A workload scheduler that behaves, and misbehaves on demand.",
        discussion: """
            Speaks the REST interface V2 of HCL Workload Automation. The account is resync with the password resync.

              tws-simulator --certificate-file ca.pem --token secret &
              curl --cacert ca.pem -u resync:resync \\
                'https://localhost:31116/twsd/api/v2/engine/info'
              curl --cacert ca.pem -H 'Authorization: Bearer secret' \\
                'https://localhost:31116/twsd/api/v2/plan/job?limit=2'
              curl http://localhost:31180/sim/state

            docs/simulator.md describes the configuration file, the faults and the admin surface.
            Exit codes: 0 stopped by a signal, 64 wrong usage or settings, 70 internal, 73 a port or file cannot be had.
            """
    )

    @OptionGroup(title: "Addresses") var addresses: AddressOptions
    @OptionGroup(title: "Plan and time") var plan: PlanOptions

    @Option(help: "JSON file with any of the simulator's settings; options win over it.")
    var config: String?

    @Option(help: "Append requests that change the plan to this file.")
    var record: String?

    @Option(help: "Carry out the requests of such a file at their virtual times.")
    var replay: String?

    @Option(help: "API key the user resync may send as bearer token.")
    var token: String?

    func run() async throws {
        let server: SimulatorServer
        do {
            server = SimulatorServer(configuration: try self.makeConfiguration())
        } catch {
            throw Self.exit(.validationFailure, "\(error)")
        }
        var logger = Logger(label: "tws-simulator")
        logger.logLevel = .warning
        let group = ServiceGroup(
            services: [AnnouncedServer(server: server)],
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
            guard let bytes = FileManager.default.contents(atPath: config) else {
                throw UsageProblem("--config: \(config) was given; a file that can be read is expected")
            }
            do { configuration = try SimulatorConfiguration(parsing: Array(bytes)) } catch {
                throw UsageProblem("\(config): \(error)")
            }
        }
        do { try configuration.apply(.object(self.fields)) } catch {
            throw UsageProblem("--\(Self.optionName(error.path)): \(error.problem)")
        }
        if let token { configuration.tokens.append(.init(text: token, user: "resync")) }
        if let port = self.addresses.backupPort {
            configuration.backupPort = port == 0 ? nil : port
        } else if configuration.backupPort == nil, self.config == nil {
            configuration.backupPort = configuration.port == 0 ? 0 : min(configuration.port + 1, 65_535)
        }
        return configuration
    }

    /// The options given, by the names the configuration file has for them.
    private var fields: [JSONValue.Field] {
        let paths = [("record", self.record), ("replay", self.replay)]
        return self.addresses.fields + self.plan.fields
            + paths.compactMap { name, value in value.map { .init(name, .string($0)) } }
    }

    /// `startVirtual` is `start-virtual` as an option.
    private static func optionName(_ field: String) -> String {
        field.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
    }
}

/// What is wrong with the arguments or the configuration file.
private struct UsageProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
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
