import Auditing
import Authentication
import Concurrency
import Database
import Foundation
import InboundHTTP
import KeyFiles
import Logging
import Metrics
import Monitoring
import NIOPosix
import Pooling
import SQLite
import ServiceLifecycle
import Settings
import UnixSignals
import WebSockets

/// The server: everything is made here, started in the order of `services`, and stopped in the reverse order.
package struct ResyncServer: Sendable {
    private let loaded: LoadedSettings
    private let readAgain: SettingsReload.Reading
    private let output: LogOutput
    private let registry = MetricsRegistry()
    private let logger: Logger

    private var settings: ResyncSettings { self.loaded.values }

    /// Sets up logging and metrics of the process; to be called once.
    ///
    /// `readAgain` gives the settings as they are at a SIGHUP.
    package init(_ loaded: LoadedSettings, readAgain: @escaping @Sendable () throws -> LoadedSettings) {
        let section = loaded.values.logging
        let output = LogOutput(format: LogFormat(section.format), level: Logger.Level(section.level))
        LoggingSystem.bootstrap { output.handler(label: $0) }
        MetricsSystem.bootstrap(self.registry)
        self.loaded = loaded
        self.readAgain = readAgain
        self.output = output
        self.logger = Logger(label: "resync")
        self.registry.addCollector(ProcessMetrics.collector)
        self.registry.addCollector(output.collector)
    }

    /// Serves until SIGTERM or SIGINT; everything is stopped and flushed when it returns.
    ///
    /// Throws `StartError` when the server cannot start.
    package func serve() async throws {
        let signals = ImpatientSignals()
        // From here on a SIGHUP no longer ends the process; those that come early are not lost.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        defer {
            _ = signals
            self.output.flush()
        }
        for warning in self.loaded.warnings {
            self.logger.warning("settings", metadata: ["settings.warning": "\(warning)"])
        }
        do {
            let database = try OpenDatabase.client(self.settings, logger: self.logger)
            // The database outlives everything that uses it: it is started before the rest and stopped after it.
            try await database.whileRunning {
                try await OpenDatabase.prepareSchema(of: database, self.settings, logger: self.logger)
                try await self.serve(on: database, hangups: hangups)
            }
        } catch {
            let error = StartError(error)
            self.logger.critical("stopped", metadata: ["error": "\(error)", "exit.code": "\(error.code.rawValue)"])
            throw error
        }
    }

    private func serve(on database: SQLiteDatabase, hangups: UnixSignalsSequence) async throws {
        let eventLoops = MultiThreadedEventLoopGroup(
            numberOfThreads: self.settings.server.eventLoops ?? ProcessInfo.processInfo.activeProcessorCount
        )
        let settings = EffectiveSettings(self.loaded)
        let parts = try await ServerParts(
            self.loaded,
            settings,
            database,
            self.registry,
            self.output,
            eventLoops,
            self.logger
        )
        let reload = SettingsReload(
            started: self.loaded,
            effective: settings,
            readAgain: self.readAgain,
            hangups: hangups,
            log: self.output,
            pools: parts.resizablePools,
            http: parts.http,
            logger: self.logger
        )
        do {
            let address = try await parts.http.bind()
            parts.health.startFinished()
            self.logger.info("serving", metadata: ["net.address": "\(address.hostAndPort)", "node": "\(parts.node)"])
            let stop = self.settings.server.drainGrace + self.settings.server.drainTimeout * 3 + .seconds(5)
            var configuration = ServiceGroupConfiguration(
                services: (parts.services + [reload]).map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: self.logger
            )
            configuration.maximumGracefulShutdownDuration = stop
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            await parts.stop(eventLoops)
            throw error
        }
        await parts.stop(eventLoops)
        self.logger.info("stopped")
    }
}

extension LogFormat {
    fileprivate init(_ format: LoggingSection.Format) {
        switch format {
        case .json: self = .json
        case .text: self = .text
        }
    }
}

extension Logger.Level {
    init(_ level: LoggingSection.Level) {
        self = Self(rawValue: level.rawValue) ?? .info
    }
}
