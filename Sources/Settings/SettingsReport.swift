/// The effective settings for people: `resync settings show`.
extension LoadedSettings {
    /// One line per key: value, then where it comes from; secrets are masked.
    package var report: String {
        var text = "# Environment: \(self.values.environment.rawValue)\n"
        for section in self.sections {
            let entries = self.entries.filter { $0.section == section.name }
            let lines = entries.map { "\($0.key) = \($0.value)" }
            let width = min(lines.map(\.count).max() ?? 0, 60)
            text += "\n[\(section.name)]\n"
            for (line, entry) in zip(lines, entries) {
                let padding = String(repeating: " ", count: max(0, width - line.count))
                text += "\(line)\(padding)  # \(entry.source)\(entry.isUsed ? "" : ", not used yet")\n"
            }
        }
        return text
    }
}

extension SettingEntry.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .environment(let variable): variable
        case .file(let name): name
        case .builtIn: "built in"
        }
    }
}
