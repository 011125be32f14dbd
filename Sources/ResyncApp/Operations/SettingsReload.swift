import InboundHTTP
import Logging
import Monitoring
import Pooling
import ServiceLifecycle
import Settings
import UnixSignals

/// Reads the settings again at each SIGHUP, applies what can be applied while running, and logs the rest.
///
/// Settings with a problem change nothing. Certificate and key are read again even when their paths stay the same.
struct SettingsReload: Service {
    typealias Reading = @Sendable () throws -> LoadedSettings

    let started: LoadedSettings
    let effective: EffectiveSettings
    let readAgain: Reading
    let hangups: UnixSignalsSequence
    let log: LogOutput
    let pools: [ResizablePools]
    let http: HTTPServer
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var present = self.started
            for await _ in self.hangups {
                do {
                    let loaded = try self.readAgain()
                    self.apply(loaded, insteadOf: present)
                    present = loaded
                } catch {
                    self.logger.error("settings were not reloaded", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func apply(_ loaded: LoadedSettings, insteadOf present: LoadedSettings) {
        let level = Logger.Level(loaded.values.logging.level)
        // The more verbose of the two decides whether the changes are seen; `notice` is for those who log little.
        self.log.level = min(level, self.log.level)
        defer { self.log.level = level }
        for warning in loaded.warnings {
            self.logger.warning("settings", metadata: ["settings.warning": "\(warning)"])
        }
        self.resizePools(loaded.values, insteadOf: present.values)
        self.reloadTLS(loaded.values.server)

        let reloaded = loaded.changes(since: present).filter { $0.isReloadable && !self.needsRestart($0, loaded) }
        for change in reloaded { self.logger.notice("setting changed", metadata: Self.metadata(of: change)) }
        self.effective.replace(Set(reloaded.map(\.path)), from: loaded)
        // Compared with the start, not with the last reload: they stay open until the restart.
        let waiting = loaded.changes(since: self.started).filter { !$0.isReloadable || self.needsRestart($0, loaded) }
        for change in waiting { self.logger.notice("setting needs a restart", metadata: Self.metadata(of: change)) }
        self.logger.notice(
            "settings reloaded",
            metadata: ["settings.changed": "\(reloaded.count)", "settings.waiting": "\(waiting.count)"]
        )
    }

    private func resizePools(_ settings: ResyncSettings, insteadOf present: ResyncSettings) {
        for pools in self.pools {
            do {
                try pools.resize(from: present, to: settings)
            } catch {
                self.logger.error("a pool keeps its size", metadata: ["error": "\(error.message)"])
            }
        }
    }

    private func reloadTLS(_ server: ServerSection) {
        guard let files = HTTPServerTLS(server), HTTPServerTLS(self.started.values.server) != nil else { return }
        do {
            try self.http.reloadTLS(from: files)
            self.logger.notice("certificate read again", metadata: ["tls.certificate": "\(files.certificateFile)"])
        } catch {
            self.logger.error("the certificate stays as it is", metadata: ["error": "\(error)"])
        }
    }

    /// A certificate can be replaced while running, TLS as such cannot come or go.
    private func needsRestart(_ change: SettingsChange, _ loaded: LoadedSettings) -> Bool {
        let hadTLS = HTTPServerTLS(self.started.values.server) != nil
        return change.path.hasPrefix("server.tls_") && hadTLS != (HTTPServerTLS(loaded.values.server) != nil)
    }

    private static func metadata(of change: SettingsChange) -> Logger.Metadata {
        [
            "setting.key": "\(change.path)", "setting.before": "\(change.before)", "setting.after": "\(change.after)",
        ]
    }
}
