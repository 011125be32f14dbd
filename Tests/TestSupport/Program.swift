import Foundation
import Subprocess

/// A program built by this package, or one of the system, run by a test.
package struct Program: Sendable {
    package var path: String
    package var arguments: [String]
    /// Added to the test's own environment.
    package var environment: [String: String] = [:]
    package var workingDirectory: String?

    package init(path: String, arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    /// One of this package's products, from the directory the tests were built into.
    package static func built(_ name: String, _ arguments: String...) throws -> Self {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let directory = URL(filePath: executable).deletingLastPathComponent()
        return Self(path: directory.appending(path: name).path(percentEncoded: false), arguments: arguments)
    }

    /// Runs to the end with `input` as standard input.
    package func run(input: String = "") async throws -> ProgramResult {
        let result = try await Subprocess.run(
            self.configuration,
            input: .string(input),
            output: .string(limit: 4 * 1024 * 1024),
            error: .string(limit: 4 * 1024 * 1024)
        )
        return ProgramResult(
            exitCode: Self.exitCode(result.terminationStatus),
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    /// Runs `body` beside the program, which is killed when `body` throws or returns while it still runs.
    ///
    /// A body that wants a clean stop sends a signal and awaits `exitCode` by returning after the last line it expects;
    /// the exit code comes back with the body's result.
    package func whileRunning<Result: Sendable>(
        stopWith signal: Signal = .terminate,
        _ body: @Sendable (RunningProgram) async throws -> Result
    ) async throws -> (value: Result, exitCode: Int32) {
        let output = ProgramOutput()
        let result = try await Subprocess.run(
            self.configuration,
            input: .none,
            output: .sequence,
            error: .sequence
        ) { execution -> Result in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.read(execution.standardOutput, into: output) }
                group.addTask { try await Self.read(execution.standardError, into: output) }
                do {
                    let running = RunningProgram(
                        processIdentifier: execution.processIdentifier.value,
                        output: output,
                        signal: { try execution.send(signal: $0) }
                    )
                    let value = try await body(running)
                    // The program may have ended by itself.
                    try? execution.send(signal: signal)
                    try await group.waitForAll()
                    return value
                } catch {
                    // The same.
                    try? execution.send(signal: .kill)
                    throw error
                }
            }
        }
        return (result.closureResult, Self.exitCode(result.terminationStatus))
    }

    private var configuration: Configuration {
        Configuration(
            executable: .path(.init(self.path)),
            arguments: Arguments(self.arguments),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: self.environment.map { (Environment.Key(stringLiteral: $0), $1) })
            ),
            workingDirectory: self.workingDirectory.map { .init($0) }
        )
    }

    private static func read(_ stream: SubprocessOutputSequence, into output: ProgramOutput) async throws {
        defer { output.streamEnded() }
        for try await line in stream.strings() {
            output.append(line)
        }
    }

    /// As a shell reports it: 128 and the signal's number for a program that was killed.
    private static func exitCode(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// A program beside a test's body.
package struct RunningProgram: Sendable {
    package let processIdentifier: Int32
    /// Both streams, line by line.
    package let output: ProgramOutput
    fileprivate let signal: @Sendable (Signal) throws -> Void

    package func send(_ signal: Signal) throws {
        try self.signal(signal)
    }
}

/// How a program ended.
package struct ProgramResult: Sendable {
    /// 128 and the signal's number for a program that was killed.
    package let exitCode: Int32
    package let output: String
    package let errors: String
}
