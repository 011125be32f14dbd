import FoundationEssentials

/// The settings as read, with what is needed to show and compare them.
package struct LoadedSettings: Sendable {
    package let values: ResyncSettings
    /// Every key of the schema, in its order.
    package let entries: [SettingEntry]
    package let sections: [SettingSection]
    /// What is odd but does not stop the start.
    package let warnings: [String]
}

/// Reads `settings.toml`, then `settings.<environment>.toml`, then the environment variables.
package enum SettingsLoader {
    /// Throws every problem found, in the order of the schema.
    package static func load(
        directory: String,
        environment: DeploymentEnvironment,
        variables: [String: String]
    ) throws(SettingsError) -> LoadedSettings {
        var problems: [SettingsProblem] = []
        var layers: [SettingsLayer] = []
        for name in ["settings.toml", "settings.\(environment.rawValue).toml"] {
            do throws(SettingsProblemFound) {
                layers.append(try TOMLFile.read("\(directory)/\(name)", name: name))
            } catch {
                problems.append(error.problem)
            }
        }
        // A file that cannot be read makes every key look unset: its own problem is the one worth telling.
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
        return try self.read(layers: layers, environment: environment, variables: variables)
    }

    static func read(
        layers: [SettingsLayer],
        environment: DeploymentEnvironment,
        variables: [String: String]
    ) throws(SettingsError) -> LoadedSettings {
        var reader = SettingsReader(layers: layers, variables: variables, environment: environment)
        let engineNames = EngineNames.declared(layers: layers, variables: variables)
        let values = ResyncSettings(&reader, engineNames: engineNames.names)

        let problems = engineNames.problems + UnknownKeys.problems(in: layers, known: reader) + reader.problems
        let warnings = reader.warnings + UnknownKeys.warnings(for: variables, known: reader)
        guard problems.isEmpty else { throw SettingsError(problems: problems, warnings: warnings) }
        return LoadedSettings(
            values: values,
            entries: reader.entries,
            sections: reader.sections,
            warnings: warnings
        )
    }
}
