import Foundation
import TestSupport
import Testing

/// The program as a process: what its exit codes and its one line say.
@Suite struct CommandTests {
    private let program = "\(packageRoot).build/debug/tws-simulator"

    private func start(_ arguments: [String]) throws -> (process: Process, output: Pipe) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: self.program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = Pipe()
        try process.run()
        return (process, output)
    }

    @Test(arguments: [
        ["--bogus"], ["--port", "70000"], ["--streams", "0"], ["--start-virtual", "25:99"],
        ["--config", "/nowhere.json"],
    ])
    func `options that make no sense end it with the exit code of wrong usage`(arguments: [String]) throws {
        let (process, _) = try self.start(arguments)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `it says where it can be reached and stops cleanly on a signal`(signal: Int32) throws {
        let (process, output) = try self.start([
            "--port", "0", "--admin-port", "0", "--streams", "5", "--plain-http", "--start-virtual", "06:00",
        ])
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        #expect(line.hasPrefix("tws-simulator ready: http://localhost:"))
        #expect(line.contains(", backup http://localhost:") && line.contains(", admin http://localhost:"))
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
    }

    @Test func `a certificate that cannot be written ends it with the exit code for that`() throws {
        let (process, _) = try self.start([
            "--port", "0", "--admin-port", "0", "--streams", "1", "--certificate-file", "/nowhere/ca.pem",
        ])
        process.waitUntilExit()
        #expect(process.terminationStatus == 73)
    }
}
