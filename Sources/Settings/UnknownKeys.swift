/// Finds what the schema does not know.
enum UnknownKeys {
    /// Unknown keys of files: a mistyped key would otherwise silently leave the default in force.
    static func problems(in layers: [SettingsLayer], known reader: SettingsReader) -> [SettingsProblem] {
        let paths = Set(reader.entries.map(\.path))
        // Every table on the way to a section: `tws`, `tws.engines`, `tws.engines.east`.
        let tables = Set(reader.sections.flatMap { section in Self.prefixes(of: section.name) })
        return layers.flatMap { layer in
            Self.unknown(layer.values, at: "", layer: layer, paths: paths, tables: tables)
        }
    }

    /// Unknown variables only warn: Kubernetes, for one, injects `RESYNC_PORT` for a service of that name.
    static func warnings(for variables: [String: String], known reader: SettingsReader) -> [String] {
        let known = Set(reader.entries.map(\.variable)).union([
            "RESYNC_ENVIRONMENT", "RESYNC_SANITIZER", "RESYNC_BENCHMARKS",
        ])
        return variables.keys.sorted().filter { $0.hasPrefix("RESYNC_") && !known.contains($0) }.map { name in
            "The environment variable \(name) is not a setting and has no effect."
                + Self.suggestion(for: name, among: known)
        }
    }

    private static func unknown(
        _ table: [String: RawSetting],
        at path: String,
        layer: SettingsLayer,
        paths: Set<String>,
        tables: Set<String>
    ) -> [SettingsProblem] {
        table.sorted { $0.key < $1.key }.flatMap { key, value -> [SettingsProblem] in
            let inner = path.isEmpty ? key : "\(path).\(key)"
            if case .table(let content) = value, tables.contains(inner) {
                return Self.unknown(content, at: inner, layer: layer, paths: paths, tables: tables)
            }
            // Names of engines that cannot be used have a problem of their own.
            guard !paths.contains(inner), path != "tws.engines" else { return [] }
            let suggestion = Self.suggestion(for: inner, among: paths.union(tables))
            return [
                SettingsProblem(
                    source: layer.place(inner),
                    key: inner,
                    value: nil,
                    expected: "unknown key.\(suggestion)"
                )
            ]
        }
    }

    private static func prefixes(of section: String) -> [String] {
        let parts = section.split(separator: ".")
        return parts.indices.map { parts[...$0].joined(separator: ".") }
    }

    private static func suggestion(for name: String, among known: Set<String>) -> String {
        let candidates = known.map { (name: $0, distance: editDistance(name, $0)) }
        guard let best = candidates.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= 3
        else {
            return ""
        }
        return " Did you mean \(best.name)?"
    }
}

/// Levenshtein distance in bytes.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (index, byte) in left.utf8.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let substituted = diagonal + (byte == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
