/// The values of one settings file.
struct SettingsLayer: Sendable {
    /// The file's name, for messages and sources.
    let name: String
    let values: [String: RawSetting]
    let lines: TOMLLines

    /// The table of a section; a dot separates nested ones.
    func table(_ section: String) -> [String: RawSetting]? {
        var table = self.values
        for part in section.split(separator: ".") {
            guard case .table(let inner) = table[String(part)] else { return nil }
            table = inner
        }
        return table
    }

    /// Name and line of a key.
    func place(_ path: String) -> String {
        self.lines[path].map { "\(self.name), line \($0)" } ?? self.name
    }
}
