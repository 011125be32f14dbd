import ArgumentParser
import ResyncApp

/// `resync serve`: the server, until SIGTERM or SIGINT.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server until SIGTERM or SIGINT; a second one stops it at once."
    )

    @OptionGroup var arguments: SettingsArguments

    func run() async throws {
        let arguments = self.arguments
        let server = ResyncServer(try arguments.load(), readAgain: { try arguments.read() })
        do {
            try await server.serve()
        } catch let error as StartError {
            StandardStream.error.write("resync: \(error)\n")
            throw ExitCode(error.code.rawValue)
        }
    }
}
