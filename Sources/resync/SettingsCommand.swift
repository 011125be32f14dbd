import ArgumentParser
import Settings

/// `resync settings`: checks or shows the settings without starting anything.
struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Check or show the settings.",
        subcommands: [Check.self, Show.self, Document.self]
    )

    /// Names every problem; exit code 78 when there is one.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name everything that is wrong with the settings.")

        @OptionGroup var arguments: SettingsArguments

        func run() throws {
            let loaded = try self.arguments.load()
            StandardStream.output.write("The settings for \(loaded.values.environment.rawValue) are valid.\n")
        }
    }

    /// Prints each effective value with its source, secrets masked.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the effective settings and their sources.")

        @OptionGroup var arguments: SettingsArguments

        func run() throws {
            StandardStream.output.write(try self.arguments.load().report)
        }
    }

    /// Writes the generated files, for `make settings`.
    struct Document: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the reference page or the complete settings file, generated from the schema.",
            shouldDisplay: false
        )

        /// What is printed.
        enum Form: String, ExpressibleByArgument, CaseIterable {
            case markdown
            case toml
        }

        @Argument(help: "markdown or toml")
        var form: Form

        func run() {
            let document = SettingsDocument()
            StandardStream.output.write(self.form == .markdown ? document.markdown : document.toml)
        }
    }
}
