/// Finds the engines beside `default`.
enum EngineNames {
    /// Engines are declared by a table `[tws.engines.NAME]`, or by a variable `RESYNC_TWS_ENGINES_NAME_URLS` alone.
    static func declared(
        layers: [SettingsLayer],
        variables: [String: String]
    ) -> (names: [String], problems: [SettingsProblem]) {
        var names: Set<String> = []
        var problems: [SettingsProblem] = []
        for layer in layers {
            for (name, value) in (layer.table("tws.engines") ?? [:]).sorted(by: { $0.key < $1.key }) {
                if case .table = value, self.isName(name) {
                    names.insert(name)
                } else {
                    let path = "tws.engines.\(name)"
                    problems.append(
                        SettingsProblem(source: layer.place(path), key: path, value: nil, expected: self.expectation)
                    )
                }
            }
        }
        let known = Set(names.map { SettingEntry.variable(section: "tws.engines.\($0)", key: "urls") })
        for variable in variables.keys where !known.contains(variable) {
            guard variable.hasPrefix("RESYNC_TWS_ENGINES_"), variable.hasSuffix("_URLS") else { continue }
            let name = variable.dropFirst("RESYNC_TWS_ENGINES_".count).dropLast("_URLS".count).lowercased()
            if self.isName(name) { names.insert(name) }
        }
        return (names.sorted(), problems)
    }

    private static let expectation =
        "a table whose name has lower-case letters, digits, \"-\" and \"_\" only and is not \"default\""

    /// Names appear in ids (`<engine>~<id>`), topics, metrics and variables.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 32 && text != "default"
            && text.utf8.allSatisfy { byte in
                (isAlphanumeric(byte) && !(0x41...0x5a).contains(byte)) || byte == 0x2d || byte == 0x5f
            }
    }
}
