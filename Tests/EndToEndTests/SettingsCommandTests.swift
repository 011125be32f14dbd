import TestSupport
import Testing

@Suite("resync settings", .timeLimit(.minutes(5)))
struct SettingsCommandTests {
    @Test
    func `valid settings end with 0`() async throws {
        let result = try await resync("settings", "check")

        #expect(result.exitCode == 0)
        #expect(result.output == "The settings for development are valid.\n")
        #expect(result.errors == "")
    }

    @Test
    func `every problem is told and the exit code is 78`() async throws {
        let result = try await resync(
            "settings",
            "check",
            "--environment",
            "test",
            environment: [
                "RESYNC_DB_POOL_MIN_SIZE": "5", "RESYNC_LOGGING_LEVEL": "loud", "RESYNC_SERVER_POTR": "1",
            ]
        )

        #expect(result.exitCode == 78)
        #expect(result.errors.contains("The settings have 2 problems"))
        #expect(result.errors.contains("settings.test.toml, line "))
        #expect(result.errors.contains("db_pool.max_size is 4, expected at least min_size (5)"))
        #expect(result.errors.contains("RESYNC_LOGGING_LEVEL: logging.level is \"loud\""))
        #expect(result.errors.contains("Did you mean RESYNC_SERVER_PORT?"))
    }

    @Test
    func `an environment that does not exist is a settings problem, as an argument wrong usage`() async throws {
        #expect(try await resync("settings", "check", environment: ["RESYNC_ENVIRONMENT": "prod"]).exitCode == 78)
        #expect(try await resync("settings", "check", "--environment", "prod").exitCode == 64)
        #expect(try await resync("settings", "chek").exitCode == 64)
    }

    @Test
    func `show prints values with their sources and no secret`() async throws {
        let result = try await resync(
            "settings",
            "show",
            environment: ["RESYNC_TWS_PASSWORD": "hunter2", "RESYNC_SERVER_PORT": "8123"]
        )

        #expect(result.exitCode == 0)
        #expect(!result.output.contains("hunter2"))
        #expect(result.output.contains("RESYNC_TWS_PASSWORD"))
        #expect(
            result.output.split(separator: "\n").contains {
                $0.hasPrefix("port = 8123 ") && $0.hasSuffix("# RESYNC_SERVER_PORT")
            }
        )
    }

    @Test
    func `a directory without settings ends with 78`() async throws {
        try await TemporaryDirectory.with { directory in
            var program = try Program.built("resync", "settings", "check")
            program.workingDirectory = directory.path

            #expect(try await program.run().exitCode == 78)
        }
    }

    @Test
    func `capacity reasons about a pool`() async throws {
        let result = try await resync(
            "capacity",
            "--jobs-per-month",
            "4000000",
            "--service-time",
            "50ms",
            "--environment",
            "development"
        )

        #expect(result.exitCode == 0)
        #expect(result.output.contains("Result:        8 connections"))
        #expect(result.output.contains("db_pool.max_size is 10: enough"))
        #expect(try await resync("capacity", "--service-time", "50ms").exitCode == 64)
    }
}

private func resync(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramResult {
    var program = try Program.built("resync")
    program.arguments = arguments
    program.environment = environment
    program.workingDirectory = packageRoot
    return try await program.run()
}
