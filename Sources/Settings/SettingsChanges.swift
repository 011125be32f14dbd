/// What a reload found different.
package struct SettingsChange: Sendable, Hashable {
    /// Section and key.
    package let path: String
    /// Masked when secret.
    package let before: String
    package let after: String
    /// False: the change takes effect with the next start.
    package let isReloadable: Bool
}

extension LoadedSettings {
    /// The keys whose values differ, in the order of the schema; engines that came or went need a restart.
    package func changes(since old: LoadedSettings) -> [SettingsChange] {
        let before = Dictionary(old.entries.map { ($0.path, $0) }) { first, _ in first }
        let after = Set(self.entries.map(\.path))
        let changed = self.entries.compactMap { entry -> SettingsChange? in
            guard let previous = before[entry.path] else {
                return SettingsChange(path: entry.path, before: "", after: entry.value, isReloadable: false)
            }
            guard !entry.hasValue(of: previous) else { return nil }
            return SettingsChange(
                path: entry.path,
                before: previous.value,
                after: entry.value,
                isReloadable: entry.isReloadable
            )
        }
        let removed = old.entries.filter { !after.contains($0.path) }.map { entry in
            SettingsChange(path: entry.path, before: entry.value, after: "", isReloadable: false)
        }
        return changed + removed
    }
}
