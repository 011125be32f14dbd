import Concurrency
import JSON
import Logging
import OutboundHTTP
import Reactor
import TWSSimulator

@testable import TWS

/// A simulator whose time stands still, and a client that speaks to it over real connections.
struct EngineHarness: Sendable {
    let simulator: SimulatorServer
    let client: TWSClient
    let logger: Logger

    var deadline: Deadline { .after(.seconds(90)) }

    /// Starts both, runs the body, stops both.
    static func run(_ body: @Sendable (EngineHarness) async throws -> Void) async throws {
        try await self.run { _, _ in
        } body: {
            try await body($0)
        }
    }

    static func run(
        _ configure: (inout SimulatorConfiguration, inout TWSEngineSettings) -> Void,
        body: @Sendable (EngineHarness) async throws -> Void
    ) async throws {
        var configuration = SimulatorConfiguration()
        configuration.plainHTTP = true
        (configuration.port, configuration.backupPort, configuration.adminPort) = (0, 0, 0)
        configuration.speed = 0
        configuration.plan.streams = 40
        var settings = TWSEngineSettings(
            urls: [],
            credentials: .basic(username: "resync", password: "resync")
        )
        settings.pollInterval = .milliseconds(100)
        settings.pageSize = 100
        configure(&configuration, &settings)
        let simulator = SimulatorServer(configuration: configuration)
        try await simulator.start()
        settings.urls = [simulator.url] + (simulator.backupURL.map { [$0] } ?? [])

        let reactor = try Reactor(name: "tws-test")
        try reactor.start()
        let threads = try DialThreads(name: "tws-test", reactor: reactor)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var httpSettings = HTTPClientSettings()
        httpSettings.pool.minSize = 0
        httpSettings.pool.outageGrace = .milliseconds(100)
        // Limits that only end a hang; what is to run out of time says so itself.
        httpSettings.pool.acquireTimeout = .seconds(60)
        httpSettings.pool.connectTimeout = .seconds(60)
        httpSettings.connectTimeout = .seconds(60)
        let http = try HTTPClient(
            origins: settings.origins,
            settings: httpSettings,
            poolName: "tws.default",
            reactor: reactor,
            dialThreads: threads,
            logger: logger
        )
        let client = TWSClient(settings: settings, http: http, logger: logger)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await http.run() }
                try await body(EngineHarness(simulator: simulator, client: client, logger: logger))
                group.cancelAll()
            }
        } catch {
            await simulator.shutdown()
            threads.stop()
            reactor.stop()
            throw error
        }
        await simulator.shutdown()
        threads.stop()
        reactor.stop()
    }

    /// A fault in the simulator's own notation.
    func fail(_ effect: String, match: JSONValue = [:], parameters: JSONValue = [:]) async throws {
        // Counters of a rule go by its id.
        let id = "\(effect)-\(self.simulator.requestCount)"
        let rule: JSONValue = .object([
            .init("id", .string(id)), .init("effect", .string(effect)), .init("match", match),
            .init("parameters", parameters),
        ])
        await self.simulator.setFaults([try FaultRule(rule)])
    }

    func heal() async {
        await self.simulator.setFaults([])
    }

    /// Any job in one of the states.
    func job(_ statuses: String...) async throws -> PlanJob? {
        try await self.client.jobs(
            where: .isOneOf(.jobStatus, statuses.map { .text($0) }),
            deadline: self.deadline
        ).min { $0.id < $1.id }
    }

    func status(_ id: String) async throws -> String {
        try await self.client.job(id: id, deadline: self.deadline).job.status
    }
}
