/// One key of the schema with its effective value.
package struct SettingEntry: Sendable {
    /// Where the effective value came from, the strongest first.
    package enum Source: Sendable, Hashable {
        case environment(variable: String)
        /// A file of the settings directory, by name.
        case file(String)
        case builtIn
    }

    package let section: String
    package let key: String
    /// One word or a few, such as "duration".
    package let type: String
    /// Completes "expected …", bounds included.
    package let expectation: String
    package let documentation: String
    /// As TOML; "" for a key that may be unset.
    package let defaultValue: String
    /// As TOML, masked when it holds or may hold a secret.
    package let value: String
    package let source: Source
    package let isSecret: Bool
    /// Whether SIGHUP applies a change; others need a restart.
    package let isReloadable: Bool
    /// False for a key that is checked but has no effect in this version.
    package let isUsed: Bool
    /// Unmasked, to notice changes; never shown.
    private let comparable: String

    init(
        declaration: SettingDeclaration,
        section: String,
        type: String,
        expectation: String,
        defaultValue: String,
        value: String,
        comparable: String,
        source: Source
    ) {
        self.section = section
        self.key = declaration.key
        self.type = type
        self.expectation = expectation
        self.documentation = declaration.documentation
        self.defaultValue = defaultValue
        self.value = value
        self.source = source
        self.isSecret = declaration.isSecret
        self.isReloadable = declaration.isReloadable
        self.isUsed = declaration.isUsed
        self.comparable = comparable
    }

    /// Section and key joined by a dot.
    package var path: String { "\(self.section).\(self.key)" }

    /// The environment variable that overrides the key.
    package var variable: String { Self.variable(section: self.section, key: self.key) }

    /// Whether both hold the same value, secrets included.
    package func hasValue(of other: Self) -> Bool { self.comparable == other.comparable }

    static func variable(section: String, key: String) -> String {
        "RESYNC_\(section)_\(key)".uppercased().replacing(".", with: "_").replacing("-", with: "_")
    }
}

/// What a section says about one of its keys beside type and default.
struct SettingDeclaration: Sendable {
    let key: String
    let documentation: String
    let isSecret: Bool
    let isReloadable: Bool
    let isUsed: Bool

    init(_ key: String, _ documentation: String, secret: Bool = false, reloadable: Bool = false, used: Bool = true) {
        self.key = key
        self.documentation = documentation
        self.isSecret = secret
        self.isReloadable = reloadable
        self.isUsed = used
    }
}
