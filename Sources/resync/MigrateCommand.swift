import ArgumentParser
import ResyncApp

/// `resync migrate`: brings the database to the schema this binary needs.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Apply the migrations the database has not seen yet."
    )

    @OptionGroup var arguments: SettingsArguments

    @Flag(help: "Apply them, roll back, and say what would have been done.")
    var dryRun = false

    func run() async throws {
        let titles = try await self.arguments.maintain { try await $0.migrate(dryRun: self.dryRun) }
        guard !titles.isEmpty else { return StandardStream.output.write("Nothing to do.\n") }
        for title in titles {
            StandardStream.output.write("\(self.dryRun ? "Would apply" : "Applied") \(title)\n")
        }
    }
}
