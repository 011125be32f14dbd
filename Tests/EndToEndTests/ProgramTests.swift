import TestSupport
import Testing

@Suite("Programs run by tests", .timeLimit(.minutes(1)))
struct ProgramTests {
    @Test
    func `a line is awaited, and the program ends with the body`() async throws {
        let script = "trap 'kill $!; echo bye; exit 7' TERM; sleep infinity & echo ready; wait"
        let shell = Program(path: "/bin/sh", arguments: ["-c", script])
        let (lines, exitCode) = try await shell.whileRunning { program in
            _ = try await program.output.line(containing: "ready")
            return program.output
        }

        #expect(exitCode == 7)
        #expect(lines.lines == ["ready", "bye"])
    }

    @Test
    func `waiting for a line that never comes ends with the output`() async throws {
        let shell = Program(path: "/bin/sh", arguments: ["-c", "echo something else"])

        await #expect(throws: ProgramOutput.LineMissing.self) {
            try await shell.whileRunning { try await $0.output.line(containing: "ready") }
        }
    }

    @Test
    func `standard input and both outputs are the program's`() async throws {
        let result = try await Program(path: "/bin/sh", arguments: ["-c", "cat; echo oops >&2; exit 3"]).run(
            input: "in"
        )

        #expect(result.output == "in")
        #expect(result.errors == "oops\n")
        #expect(result.exitCode == 3)
    }

    @Test
    func `two free ports can be listened on`() throws {
        let ports = [try FreePort.choose(), try FreePort.choose()]

        #expect(ports.allSatisfy { (1024...65_535).contains($0) })
    }
}
