/// `[logging]`: what is logged, and how.
package struct LoggingSection: Sendable {
    /// As swift-log orders them.
    package enum Level: String, Sendable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }

    /// How a line looks.
    package enum Format: String, Sendable, CaseIterable {
        /// One object per line, for machines.
        case json
        /// For people at a terminal.
        case text
    }

    package let level: Level
    package let format: Format

    init(_ reader: inout SettingsReader) {
        reader.begin("logging", "What is logged, and how; lines go to standard error.")
        self.level = reader.value(
            .init("level", "Less severe messages are left out.", reloadable: true),
            .choice(),
            default: .info
        )
        self.format = reader.value(
            .init("format", "`json` for machines, `text` for people."),
            .choice(),
            default: .json
        )
    }
}
