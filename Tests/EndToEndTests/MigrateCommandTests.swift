import Foundation
import TestSupport
import Testing

@Suite("resync migrate", .timeLimit(.minutes(5)))
struct MigrateCommandTests {
    @Test
    func `a dry run names the migrations and creates nothing, the real one creates and applies, once`() async throws {
        try await TemporaryDirectory.with { directory in
            let titles = try Self.titles()

            let dryRun = try await Self.resync("migrate", "--dry-run", in: directory)
            let createdByDryRun = FileManager.default.fileExists(atPath: directory.file("data"))
            let first = try await Self.resync("migrate", in: directory)
            let again = try await Self.resync("migrate", in: directory)

            #expect(dryRun.exitCode == 0, "\(dryRun.errors)")
            #expect(dryRun.output == titles.map { "Would apply \($0)\n" }.joined())
            #expect(!createdByDryRun)
            #expect(first.exitCode == 0, "\(first.errors)")
            #expect(first.output == titles.map { "Applied \($0)\n" }.joined())
            #expect(again.output == "Nothing to do.\n")
        }
    }

    @Test
    func `a command that needs a missing database ends with 69 and creates none`() async throws {
        try await TemporaryDirectory.with { directory in
            let result = try await Self.resync("user", "disable", "nobody", in: directory)

            #expect(result.exitCode == 69, "\(result.errors)")
            #expect(result.errors.contains("data/resync.db"))
            #expect(!FileManager.default.fileExists(atPath: directory.file("data")))
        }
    }

    @Test
    func `a database that cannot be created ends with 73`() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try directory.write("in the way", to: "data")
            let result = try await Self.resync("migrate", in: directory)

            #expect(result.exitCode == 73, "\(result.errors)")
            #expect(result.errors.contains(directory.file("data")))
        }
    }

    @Test
    func `an account that cannot be as asked for ends with 64 and says why`() async throws {
        try await TemporaryDirectory.with { directory in
            for (arguments, password, reason) in [
                (["add", "olga", "--roles", "vewer"], "correct horse battery", "vewer"),
                (["add", "olga", "--roles", "viewer"], "short", "at least 12 characters"),
                (["disable", "nobody"], "", "no account nobody"),
            ] {
                var program = try Program.built("resync")
                program.arguments = ["user"] + arguments + ["--settings", "\(packageRoot)settings"]
                program.workingDirectory = directory.path
                let result = try await program.run(input: "\(password)\n")

                #expect(result.exitCode == 64, "\(result.errors)")
                #expect(result.errors.contains(reason), "\(result.errors)")
            }
        }
    }

    /// Runs a command with the settings of production, whose database is `data/resync.db`.
    private static func resync(_ arguments: String..., in directory: TemporaryDirectory) async throws -> ProgramResult {
        var program = try Program.built("resync")
        program.arguments = arguments + ["--environment", "production", "--settings", "\(packageRoot)settings"]
        program.workingDirectory = directory.path
        program.environment = [
            "RESYNC_DATABASE_URL": "sqlite://\(directory.file("data/resync.db"))",
            "RESYNC_TWS_URLS": "https://127.0.0.1:1",
            "RESYNC_TWS_USERNAME": "resync",
            "RESYNC_TWS_PASSWORD": "not-used-here",
            "RESYNC_AUTH_SIGNING_KEY_FILE": directory.file("auth.pem"),
            "RESYNC_AUDIT_SIGNING_KEY_FILE": directory.file("audit.pem"),
            "RESYNC_AUDIT_SPOOL_DIRECTORY": directory.file("spool"),
        ]
        return try await program.run()
    }

    /// The names of the repository's migrations without their extension.
    private static func titles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(packageRoot)migrations/sqlite").sorted()
            .map { String($0.dropLast(".sql".count)) }
    }
}
