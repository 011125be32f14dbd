/// The schema as text: the reference page and the complete settings file, both generated and proved current by tests.
package struct SettingsDocument {
    private let sections: [SettingSection]
    private let entries: [SettingEntry]

    /// The schema without any values.
    package init() {
        var reader = SettingsReader(layers: [], variables: [:], environment: .development)
        _ = ResyncSettings(&reader, engineNames: [])
        self.sections = reader.sections
        self.entries = reader.entries
    }

    /// `settings/settings.toml`: every key with its default.
    package var toml: String {
        var text = """
            # Every setting with its default. Generated from the schema (`make settings`): change defaults there.
            #
            # Read in this order, the later ones win: this file, settings.<environment>.toml (differences only), environment
            # variables named RESYNC_<SECTION>_<KEY>. Secrets may be given as "file:/path". `resync settings show` prints the
            # result with the source of each value. "" leaves a key unset.

            """
        for section in self.sections {
            text += "\n# \(section.documentation)\n[\(section.name)]\n"
            for entry in self.entries where entry.section == section.name {
                text += Self.wrapped(Self.comment(entry))
                text += "\(entry.key) = \(entry.defaultValue)\n"
            }
        }
        return text
    }

    /// `docs/settings.md`.
    package var markdown: String {
        var text = """
            # Settings

            Generated from the schema by `make settings`; a test proves it current.

            Read in this order, the later ones win: `settings/settings.toml`, `settings/settings.<environment>.toml`, environment
            variables. Section and key joined in upper case name the variable: `[db_pool] min_size` is `RESYNC_DB_POOL_MIN_SIZE`;
            lists are comma-separated there. A value marked *secret* may be `file:/path`, whose content counts. Durations are a
            number with `ms`, `s`, `m`, `h` or `d`, sizes with `B`, `KiB`, `MiB` or `GiB`, shares with `%`. An empty text leaves
            a key unset. Further engines are tables `[tws.engines.NAME]` with the keys of `[tws]`, or variables
            `RESYNC_TWS_ENGINES_NAME_URLS` and so on.

            *reload*: SIGHUP applies a change, others need a restart. *not used yet*: checked, without effect in this version.
            `resync settings check` names every problem; `resync settings show` prints the effective values and their sources.

            """
        for section in self.sections {
            text += "\n## `[\(section.name)]`\n\n\(section.documentation)\n\n"
            text += "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n"
            for entry in self.entries where entry.section == section.name {
                let flags = Self.flags(entry)
                let meaning = entry.documentation + (flags.isEmpty ? "" : " *\(flags.joined(separator: ", "))*")
                text += "| `\(entry.key)` | \(entry.type) | `\(entry.defaultValue)` | \(meaning) |\n"
            }
        }
        return text
    }

    private static func flags(_ entry: SettingEntry) -> [String] {
        [
            entry.isSecret ? "secret" : nil,
            entry.isReloadable ? "reload" : nil,
            entry.isUsed ? nil : "not used yet",
        ].compactMap(\.self)
    }

    private static func comment(_ entry: SettingEntry) -> String {
        let flags = self.flags(entry)
        return entry.documentation.filter { $0 != "`" } + (flags.isEmpty ? "" : " (\(flags.joined(separator: ", ")))")
    }

    /// Comment lines of at most 120 columns.
    private static func wrapped(_ text: String) -> String {
        var lines = ["#"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + 1 + word.count > 120 { lines.append("#") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.map { "\($0)\n" }.joined()
    }
}
