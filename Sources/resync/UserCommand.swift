import ArgumentParser
import ResyncApp

/// `resync user`: accounts.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Add and change accounts; passwords come from a prompt or standard input.",
        subcommands: [Add.self, Passwd.self, Roles.self, Disable.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add an account.")

        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "Name of the account.") var name: String
        @Option(help: "viewer, operator, auditor, admin, separated by commas.") var roles: String

        func run() async throws {
            let password = try Password.read()
            try await self.arguments.maintain {
                try await $0.addUser(self.name, roles: self.roles, password: password)
            }
            StandardStream.output.write("Added \(self.name).\n")
        }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set a password; all sessions of the account end.")

        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "Name of the account.") var name: String

        func run() async throws {
            let password = try Password.read()
            try await self.arguments.maintain { try await $0.setPassword(password, of: self.name) }
            StandardStream.output.write("Changed the password of \(self.name).\n")
        }
    }

    struct Roles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Replace the roles of an account.")

        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "Name of the account.") var name: String
        @Argument(help: "viewer, operator, auditor, admin, separated by commas.") var roles: String

        func run() async throws {
            try await self.arguments.maintain { try await $0.setRoles(self.roles, of: self.name) }
            StandardStream.output.write("Changed the roles of \(self.name).\n")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Disable an account; its sessions end.")

        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "Name of the account.") var name: String

        func run() async throws {
            try await self.arguments.maintain { try await $0.disable(self.name) }
            StandardStream.output.write("Disabled \(self.name).\n")
        }
    }
}
