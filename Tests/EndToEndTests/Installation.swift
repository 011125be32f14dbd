import Foundation
import FoundationNetworking
import JSON
import TestSupport

/// The two programs as a user starts them, with the development settings, on free ports and in a directory of their own.
struct Installation: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let directory: TemporaryDirectory
    /// Of Resync, without a slash at the end.
    let url: String
    let simulator: Simulator
    private let port: Int

    /// The simulator's admin surface.
    ///
    /// Its clock stands still until it is advanced.
    struct Simulator: Sendable {
        let url: String
        let admin: String

        /// Puts a job's last run into a state, at once.
        func force(_ job: String, _ status: String, returnCode: Int = 0) async throws {
            _ = try await Installation.send(
                "POST",
                "\(self.admin)/sim/job/\(job)/force",
                [
                    "status": .string(status), "rc": .integer(Int64(returnCode)),
                ]
            )
        }

        func advance(seconds: Int) async throws {
            _ = try await Installation.send(
                "POST",
                "\(self.admin)/sim/clock",
                ["advanceSeconds": .integer(Int64(seconds))]
            )
        }
    }

    /// Starts the simulator at 06:00 of its day, frozen; the server is started by `serving`.
    static func with(_ body: @Sendable (Installation) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let simulator = try Program.built(
                "tws-simulator",
                "--port",
                "0",
                "--backup-port",
                "0",
                "--admin-port",
                "0",
                "--speed",
                "0",
                "--start-virtual",
                "21600"
            )
            _ = try await simulator.whileRunning { running in
                let ready = try await running.output.line(containing: "ready")
                let urls = ready.split(separator: " ").filter { $0.hasPrefix("http") }
                    .map { $0.replacing("localhost", with: "127.0.0.1").replacing(",", with: "") }
                guard let url = urls.first, let admin = urls.last, urls.count == 2 else {
                    throw Failure(description: "unexpected: \(ready)")
                }
                let port = try FreePort.choose()
                try await body(
                    Installation(
                        directory: directory,
                        url: "http://127.0.0.1:\(port)",
                        simulator: Simulator(url: String(url), admin: String(admin).replacing("/sim/state", with: "")),
                        port: port
                    )
                )
            }
        }
    }

    /// Runs `body` beside the server; returns the exit code after SIGTERM, or after `body` has stopped it.
    @discardableResult
    func serving(
        stopWith kill: Bool = false,
        settings: String = "\(packageRoot)settings",
        _ body: @Sendable (RunningProgram) async throws -> Void
    ) async throws -> Int32 {
        var program = try Program.built("resync", "serve", "--settings", settings)
        program.workingDirectory = self.directory.path
        program.environment = self.environment
        return try await program.whileRunning(stopWith: kill ? .kill : .terminate) { running in
            _ = try await running.output.line(containing: "serving")
            try await body(running)
        }.exitCode
    }

    /// Runs a command of `resync` against the same settings.
    func resync(_ arguments: String..., input: String = "") async throws -> ProgramResult {
        var program = try Program.built("resync")
        program.arguments = arguments + ["--settings", "\(packageRoot)settings"]
        program.workingDirectory = self.directory.path
        program.environment = self.environment
        return try await program.run(input: input)
    }

    private var environment: [String: String] {
        [
            "RESYNC_ENVIRONMENT": "development", "RESYNC_SERVER_PORT": String(self.port),
            "RESYNC_TWS_URLS": self.simulator.url, "RESYNC_TWS_POLL_INTERVAL": "200ms",
        ]
    }

    /// The login a developer finds in the file.
    func developer() throws -> (name: String, password: String) {
        let text = try String(contentsOfFile: self.directory.file(".resync/development-login"), encoding: .utf8)
        let lines = text.split(separator: "\n").map { String($0.drop { $0 != ":" }.dropFirst(2)) }
        guard lines.count == 2 else { throw Failure(description: "unexpected: \(text)") }
        return (lines[0], lines[1])
    }

    /// An access token of the developer.
    func token() async throws -> String {
        let login = try self.developer()
        let answer = try await self.call(
            "POST",
            "/auth/login",
            ["username": .string(login.name), "password": .string(login.password)]
        )
        guard let token = answer.json["accessToken"]?.string else { throw Failure(description: "\(answer)") }
        return token
    }

    /// What the API answered.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let text: String

        var json: JSONValue { (try? JSONValue(parsing: Array(self.text.utf8))) ?? .null }
    }

    func call(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        token: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var all = headers
        if let token { all["Authorization"] = "Bearer \(token)" }
        let base = path.hasPrefix("/health") || path == "/metrics" || path == "/" ? self.url : "\(self.url)/api/v1"
        return try await Self.send(method, base + path, body, headers: all)
    }

    /// Asks until the answer is as expected; the server's own pace sets the rhythm.
    func eventually(
        _ path: String,
        token: String,
        _ isExpected: (Answer) -> Bool
    ) async throws -> Answer {
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while true {
            let answer = try await self.call("GET", path, token: token)
            if isExpected(answer) { return answer }
            guard ContinuousClock.now < end else { throw Failure(description: "\(path) stays \(answer)") }
        }
    }

    @discardableResult
    static func send(
        _ method: String,
        _ url: String,
        _ body: JSONValue? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        guard let address = URL(string: url) else { throw Failure(description: url) }
        var request = URLRequest(url: address, timeoutInterval: 60)
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let body {
            request.httpBody = Data(body.bytes)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw Failure(description: "no HTTP") }
        var answered: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            answered["\(name)".lowercased()] = "\(value)"
        }
        return Answer(status: response.statusCode, headers: answered, text: String(decoding: data, as: UTF8.self))
    }
}
