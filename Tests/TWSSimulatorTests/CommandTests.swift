import Foundation
import Subprocess
import TestSupport
import Testing

/// The program as a process: what its exit codes and its one line say.
@Suite(.timeLimit(.minutes(3))) struct CommandTests {
    private func simulator(_ arguments: [String]) throws -> Program {
        var program = try Program.built("tws-simulator")
        program.arguments = arguments
        return program
    }

    @Test(arguments: [
        (["--bogus"], "--bogus"), (["--port", "70000"], "--port: 70000 was given; an integer from 0 to 65535"),
        (["--streams", "0"], "--streams: 0 was given; an integer from 1 to 99999"),
        (["--streams", "many"], "--streams"), (["--start-virtual", "25:99"], "25:99"),
        (["--plan-date", "2026-02-30"], "--plan-date: \"2026-02-30\" was given; a date"),
        (["--config", "/nowhere.json"], "--config: /nowhere.json was given; a file that can be read"),
        (["--replay", "/nowhere.log"], "--replay: \"/nowhere.log\" was given; a file that can be read"),
    ])
    func `options that make no sense end it with 64 and what was expected`(
        arguments: [String],
        reason: String
    ) async throws {
        let result = try await self.simulator(arguments).run()
        #expect(result.exitCode == 64)
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        (#"{"streams":0}"#, "streams: 0 was given; an integer from 1 to 99999 is expected"),
        (#"{"faults":[{"effect":"hang","match":{"probability":2}}]}"#, "faults[0].match.probability: 2 was given"),
        (#"{"streams":"#, "JSON"),
    ])
    func `a configuration file that makes no sense ends it with 64 and names the place`(
        text: String,
        reason: String
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let file = directory.file("simulator.json")
            try Data(text.utf8).write(to: URL(filePath: file))
            let result = try await self.simulator(["--config", file]).run()
            #expect(result.exitCode == 64)
            #expect(result.errors.contains(file) && result.errors.contains(reason), "\(result.errors)")
        }
    }

    @Test func `help names every option and how to begin`() async throws {
        let result = try await self.simulator(["--help"]).run()
        #expect(result.exitCode == 0)
        for text in ["--backup-port", "--start-virtual", "--replay", "--token", "curl --cacert", "Exit codes"] {
            #expect(result.output.contains(text), "\(text)")
        }
    }

    @Test(arguments: [Signal.terminate, .interrupt])
    func `it says where it can be reached and stops cleanly on a signal`(signal: Signal) async throws {
        let arguments = [
            "--port", "0", "--admin-port", "0", "--streams", "5", "--plain-http", "--start-virtual", "06:00",
        ]
        let (line, exitCode) = try await self.simulator(arguments).whileRunning(stopWith: signal) { program in
            try await program.output.line(containing: "ready")
        }
        #expect(line.hasPrefix("tws-simulator ready: http://localhost:"))
        #expect(line.contains(", backup http://localhost:") && line.contains(", admin http://localhost:"))
        #expect(exitCode == 0)
    }

    @Test(arguments: ["--certificate-file", "--record"])
    func `a file that cannot be written ends it with the exit code for that`(option: String) async throws {
        let arguments = ["--port", "0", "--admin-port", "0", "--streams", "1", option, "/nowhere/file"]
        let result = try await self.simulator(arguments).run()
        #expect(result.exitCode == 73)
        #expect(result.errors.contains("/nowhere/file"))
    }

    @Test func `a port that is taken ends it with the exit code for that`() async throws {
        let arguments = ["--admin-port", "0", "--backup-port", "0", "--streams", "1", "--plain-http", "--port"]
        _ = try await self.simulator(arguments + ["0"]).whileRunning { program in
            let line = try await program.output.line(containing: "ready")
            let port = try #require(line.split(separator: ":").compactMap { Int($0.prefix(while: \.isNumber)) }.first)
            let second = try await self.simulator(arguments + [String(port)]).run()
            #expect(second.exitCode == 73)
            #expect(second.errors.contains(String(port)))
        }
    }
}
