/// Reads the sections' keys and, in passing, learns the schema.
///
/// A section declares each key by reading it: name, type, bounds, default and documentation stand in one statement, so a
/// key cannot be documented and not read, or read under another name. Reading never stops: a wrong value is recorded as a
/// problem and replaced by the default, so that all problems come out at once.
struct SettingsReader {
    /// Where the values are looked up, the weakest first.
    let layers: [SettingsLayer]
    let variables: [String: String]
    let environment: DeploymentEnvironment

    private(set) var entries: [SettingEntry] = []
    private(set) var sections: [SettingSection] = []
    private(set) var problems: [SettingsProblem] = []
    private(set) var warnings: [String] = []
    private var section = ""
    private var invalid: Set<String> = []

    init(layers: [SettingsLayer], variables: [String: String], environment: DeploymentEnvironment) {
        self.layers = layers
        self.variables = variables
        self.environment = environment
    }

    /// The keys read from here on belong to `name`.
    mutating func begin(_ name: String, _ documentation: String) {
        self.section = name
        self.sections.append(SettingSection(name: name, documentation: documentation))
    }

    /// A key that always has a value.
    mutating func value<Value>(
        _ declaration: SettingDeclaration,
        _ type: SettingType<Value>,
        default defaultValue: Value
    ) -> Value {
        let found = self.find(declaration, type)
        let value = found?.value ?? defaultValue
        self.record(declaration, type, defaultValue: type.render(defaultValue), value: value, found?.source)
        return value
    }

    /// A key that may be unset, which an empty text says.
    mutating func optional<Value>(_ declaration: SettingDeclaration, _ type: SettingType<Value>) -> Value? {
        let found = self.find(declaration, type.orUnset)
        let value = found?.value ?? nil
        self.record(declaration, type.orUnset, defaultValue: "\"\"", value: value, found?.source)
        return value
    }

    /// Records a problem unless `isRight`; for what several keys must hold together.
    ///
    /// The problem is put to `keys.first`. Nothing is said when one of the keys was not readable, because its value
    /// here is only the default.
    mutating func check(_ isRight: Bool, _ keys: String..., expected: @autoclosure () -> String) {
        guard !isRight else { return }
        let paths = keys.map { $0.contains(".") ? $0 : "\(self.section).\($0)" }
        guard let subject = paths.first, self.invalid.isDisjoint(with: paths) else { return }
        let entry = self.entries.last { $0.path == subject }
        let source = entry.map(self.describe) ?? subject
        self.problems.append(
            SettingsProblem(source: source, key: subject, value: entry?.value, expected: expected())
        )
    }

    mutating func warn(_ text: String) {
        self.warnings.append(text)
    }

    // MARK: - Looking up

    /// The strongest valid value; every value found is checked, also those a stronger one covers.
    private mutating func find<Value>(
        _ declaration: SettingDeclaration,
        _ type: SettingType<Value>
    ) -> (value: Value, source: SettingEntry.Source)? {
        var result: (value: Value, source: SettingEntry.Source)?
        let path = "\(self.section).\(declaration.key)"
        for layer in self.layers {
            guard let raw = layer.table(self.section)?[declaration.key] else { continue }
            if let value = self.parse(raw, declaration, type, source: layer.place(path)) {
                result = (value, .file(layer.name))
            }
        }
        let variable = SettingEntry.variable(section: self.section, key: declaration.key)
        if let text = self.variables[variable],
            let value = self.parse(.variable(text), declaration, type, source: variable)
        {
            result = (value, .environment(variable: variable))
        }
        return result
    }

    private mutating func parse<Value>(
        _ raw: RawSetting,
        _ declaration: SettingDeclaration,
        _ type: SettingType<Value>,
        source: String
    ) -> Value? {
        let path = "\(self.section).\(declaration.key)"
        var resolved = raw
        if declaration.isSecret, let text = raw.text, text.hasPrefix("file:") {
            do throws(SecretFileError) {
                resolved = .variable(try SecretFile.read(String(text.dropFirst("file:".count))))
            } catch {
                self.invalid.insert(path)
                self.problems.append(
                    SettingsProblem(source: source, key: path, value: raw.description, expected: error.expectation)
                )
                return nil
            }
        }
        if let value = type.parse(resolved) { return value }
        self.invalid.insert(path)
        self.problems.append(
            SettingsProblem(
                source: source,
                key: path,
                value: declaration.isSecret ? "(hidden)" : raw.description,
                expected: type.expectation
            )
        )
        return nil
    }

    private mutating func record<Value>(
        _ declaration: SettingDeclaration,
        _ type: SettingType<Value>,
        defaultValue: String,
        value: Value,
        _ source: SettingEntry.Source?
    ) {
        self.entries.append(
            SettingEntry(
                declaration: declaration,
                section: self.section,
                type: type.name,
                expectation: type.expectation,
                defaultValue: defaultValue,
                value: type.render(value),
                comparable: type.compare(value),
                source: source ?? .builtIn
            )
        )
    }

    private func describe(_ entry: SettingEntry) -> String {
        switch entry.source {
        case .environment(let variable): variable
        case .file(let name): self.layers.last { $0.name == name }?.place(entry.path) ?? name
        case .builtIn: "default"
        }
    }
}

/// A section of the schema.
package struct SettingSection: Sendable {
    package let name: String
    package let documentation: String
}
