import ArgumentParser

/// The command line: arguments only, everything else is the application's.
@main
struct Resync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync",
        abstract: "API server between HCL Workload Automation and its operators.",
        subcommands: [
            ServeCommand.self, SettingsCommand.self, MigrateCommand.self, UserCommand.self, AuditCommand.self,
            CapacityCommand.self,
        ]
    )
}
