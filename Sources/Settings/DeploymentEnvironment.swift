/// Where Resync runs; selects the settings file read on top of `settings.toml` and how much may be made up at start.
package enum DeploymentEnvironment: String, Sendable, CaseIterable {
    case development
    case test
    case staging
    case production

    /// Whether missing key files, directories and databases are created at start.
    ///
    /// Elsewhere they are an operator's decision: a key made up by the server would silently invalidate every token and
    /// checkpoint signed before.
    package var createsWhatIsMissing: Bool { self == .development || self == .test }

    /// Whether connections must be protected and secrets be given.
    package var isExposed: Bool { self == .staging || self == .production }
}

extension DeploymentEnvironment {
    /// The one `RESYNC_ENVIRONMENT` names; nil when it names none.
    package static func named(in variables: [String: String]) throws(SettingsError) -> Self? {
        guard let name = variables["RESYNC_ENVIRONMENT"], !name.isEmpty else { return nil }
        guard let environment = Self(rawValue: name) else {
            let problem = SettingsProblem(
                source: "RESYNC_ENVIRONMENT",
                key: "",
                value: tomlQuoted(name),
                expected: SettingType<Self>.choice().expectation
            )
            throw SettingsError(problems: [problem])
        }
        return environment
    }
}
