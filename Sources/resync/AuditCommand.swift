import ArgumentParser
import JSON
import ResyncApp

/// `resync audit`: what was recorded, and whether it still is what was recorded.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verify or export the audit log.",
        subcommands: [Verify.self, Export.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the whole log: 0 intact, 1 evidence of tampering, 2 could not finish."
        )

        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Write the result as JSON.") var json = false

        func run() async throws {
            let verification = try await self.arguments.maintain(failingWith: ExitCode(2)) {
                try await $0.verifyAudit()
            }
            StandardStream.output.write(self.json ? "\(verification.jsonText)\n" : "\(verification.text)\n")
            throw ExitCode(verification.exitCode)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write the log as lines of JSON to standard output.")

        @OptionGroup var arguments: SettingsArguments
        @Option(help: "First sequence.") var from: Int64 = 1
        @Option(help: "Last sequence; otherwise all.") var to: Int64?

        func run() async throws {
            let count = try await self.arguments.maintain {
                try await $0.exportAudit(from: self.from, to: self.to) { StandardStream.output.write(bytes: $0) }
            }
            StandardStream.error.write("\(count) events\n")
        }
    }
}
