/// One thing wrong with the settings, in words an operator can act on.
package struct SettingsProblem: Sendable, Hashable, CustomStringConvertible {
    /// The file with its line when known, or the environment variable.
    package let source: String
    /// Section and key joined by a dot; empty when the file as a whole is wrong.
    package let key: String
    /// What was found; hidden for secrets, nil when nothing was found.
    package let value: String?
    /// What would have been right.
    package let expected: String

    package var description: String {
        let subject = self.key.isEmpty ? self.source : "\(self.source): \(self.key)"
        return self.value.map { "\(subject) is \($0), expected \(self.expected)" } ?? "\(subject): \(self.expected)"
    }
}

/// The settings cannot be used; names every problem, not only the first.
///
/// The process ends with exit code 78.
package struct SettingsError: Error, CustomStringConvertible {
    package let problems: [SettingsProblem]
    /// What would not have stopped the start, but may explain a problem: a mistyped variable, for one.
    package let warnings: [String]

    init(problems: [SettingsProblem], warnings: [String] = []) {
        self.problems = problems
        self.warnings = warnings
    }

    package var description: String {
        let count = self.problems.count == 1 ? "1 problem" : "\(self.problems.count) problems"
        return "The settings have \(count):\n" + self.problems.map { "  \($0)" }.joined(separator: "\n")
    }
}
