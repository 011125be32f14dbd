import Foundation
import Glibc

/// A server program under measurement, alone on the first processor.
final class Contender {
    struct Failure: Error {
        var message: String
    }

    /// What one run of the load generator has found.
    struct Sample {
        var requestsPerSecond: Double
        var cpuMicroseconds: Double
    }

    let name: String
    let port: Int
    private let process = Process()

    /// Returns once the server accepts connections.
    init(
        name: String,
        port: Int,
        command: [String],
        directory: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        self.name = name
        self.port = port
        self.process.executableURL = URL(filePath: "/usr/bin/taskset")
        self.process.arguments = ["-c", "0"] + command
        self.process.standardOutput = FileHandle.nullDevice
        self.process.standardError = FileHandle.nullDevice
        if let directory { self.process.currentDirectoryURL = URL(filePath: directory) }
        self.process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try self.process.run()
        try self.waitUntilListening()
    }

    deinit {
        self.process.terminate()
        self.process.waitUntilExit()
    }

    /// 64 connections, closed loop, from the second processor.
    func load(path: String, header: String? = nil, seconds: Int) throws -> Sample {
        let before = try self.cpuSeconds()
        let report = try Self.output(
            ["/usr/bin/taskset", "-c", "1", "wrk", "-t1", "-c64", "-d\(seconds)s"]
                + (header.map { ["-H", $0] } ?? []) + ["http://127.0.0.1:\(self.port)\(path)"]
        )
        let cpu = try self.cpuSeconds() - before
        guard
            !report.contains("Non-2xx"), !report.contains("Socket errors"),
            let rate = Self.number(after: "Requests/sec:", in: report),
            let line = report.split(separator: "\n").first(where: { $0.contains(" requests in ") }),
            let count = line.split(separator: " ").first.flatMap({ Double($0) }), count > 0
        else { throw Failure(message: "\(self.name) \(path): \(report)") }
        return Sample(requestsPerSecond: rate, cpuMicroseconds: cpu / count * 1e6)
    }

    static func output(_ command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(message: "\(command.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func number(after label: String, in text: String) -> Double? {
        guard let range = text.range(of: label) else { return nil }
        return text[range.upperBound...].split(whereSeparator: \.isWhitespace).first.flatMap { Double($0) }
    }

    /// User and system time of the process so far (`proc(5)`, fields 14 and 15).
    private func cpuSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(self.process.processIdentifier)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw Failure(message: "cannot read the time of \(self.name)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func waitUntilListening() throws {
        for _ in 0..<400 {
            if self.isListening { return }
            guard self.process.isRunning else { break }
            usleep(50_000)
        }
        throw Failure(message: "\(self.name) does not listen on port \(self.port)")
    }

    private var isListening: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(self.port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
        }
    }
}
