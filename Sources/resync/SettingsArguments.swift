import ArgumentParser
import FoundationEssentials
import Settings

/// The arguments every command takes.
struct SettingsArguments: ParsableArguments {
    @Option(help: "development, test, staging or production. Otherwise RESYNC_ENVIRONMENT, otherwise development.")
    var environment: DeploymentEnvironment?

    @Option(help: ArgumentHelp("Directory with the settings files.", valueName: "directory"))
    var settings = "settings"

    /// Reads the settings; tells what is wrong on standard error and ends with 78.
    func load() throws -> LoadedSettings {
        do {
            let loaded = try self.read()
            self.tell(loaded.warnings)
            return loaded
        } catch let error as SettingsError {
            self.tell(error.warnings)
            StandardStream.error.write("resync: \(error)\n")
            throw ResyncExit.settings
        }
    }

    /// Reads the settings, each time anew.
    func read() throws -> LoadedSettings {
        let variables = ProcessInfo.processInfo.environment
        return try SettingsLoader.load(
            directory: self.settings,
            environment: try self.environment ?? .named(in: variables) ?? .development,
            variables: variables
        )
    }

    private func tell(_ warnings: [String]) {
        for warning in warnings {
            StandardStream.error.write("resync: warning: \(warning)\n")
        }
    }
}

extension DeploymentEnvironment: ExpressibleByArgument {}
