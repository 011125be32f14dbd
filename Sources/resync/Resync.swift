import ArgumentParser

/// The command line: arguments only, everything else is the application's.
@main
struct Resync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync",
        abstract: "API server between HCL Workload Automation and its operators.",
        subcommands: [SettingsCommand.self, CapacityCommand.self]
    )
}
