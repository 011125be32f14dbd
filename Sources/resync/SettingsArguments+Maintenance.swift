import ArgumentParser
import ResyncApp

extension SettingsArguments {
    /// Runs a command against the database of the settings; tells errors on standard error and ends with their code.
    @discardableResult
    func maintain<Result: Sendable>(
        failingWith code: ExitCode? = nil,
        _ body: @Sendable (Maintenance) async throws -> Result
    ) async throws -> Result {
        let maintenance = Maintenance(try self.load())
        do {
            return try await body(maintenance)
        } catch {
            let error = StartError(error)
            StandardStream.error.write("resync: \(error)\n")
            throw code ?? ExitCode(error.code.rawValue)
        }
    }
}
