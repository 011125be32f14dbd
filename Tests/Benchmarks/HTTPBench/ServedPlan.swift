import Foundation

/// Resync itself with the simulator's plan standing still at 06:00: what an operator's front end talks to.
final class ServedPlan {
    private static let port = 18_085
    private static let simulatorPort = 18_086

    let server: Contender
    /// The header every request carries.
    let authorization: String
    /// The first twenty jobs as the server answers them, for the peers to encode.
    let jobsFile: String
    static let path = "/api/v1/plan/jobs?limit=20"

    private let simulator = Process()
    private let directory: URL

    init(programs: URL) throws {
        let root = FileManager.default.currentDirectoryPath
        self.directory = FileManager.default.temporaryDirectory.appending(path: "resync-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        self.simulator.executableURL = programs.appending(path: "tws-simulator")
        self.simulator.arguments = [
            "--port", "\(Self.simulatorPort)", "--backup-port", "0", "--admin-port", "0", "--speed", "0",
            "--start-virtual", "21600",
        ]
        self.simulator.standardOutput = FileHandle.nullDevice
        try self.simulator.run()
        let base = "http://127.0.0.1:\(Self.port)"
        self.server = try Contender(
            name: "Resync",
            port: Self.port,
            command: [
                programs.appending(path: "resync").path(percentEncoded: false), "serve", "--settings",
                "\(root)/settings",
            ],
            directory: self.directory.path(percentEncoded: false),
            environment: [
                "RESYNC_SERVER_PORT": "\(Self.port)", "RESYNC_SERVER_EVENT_LOOPS": "1", "RESYNC_LOGGING_FORMAT": "json",
                "RESYNC_TWS_URLS": "https://127.0.0.1:\(Self.simulatorPort)", "RESYNC_TWS_POLL_INTERVAL": "10s",
            ]
        )
        let login = try String(
            contentsOf: self.directory.appending(path: ".resync/development-login"),
            encoding: .utf8
        )
        let fields = login.split(separator: "\n").map { String($0.drop { $0 != ":" }.dropFirst(2)) }
        guard fields.count == 2 else { throw Contender.Failure(message: "no development login") }
        let body = #"{"username":"\#(fields[0])","password":"\#(fields[1])"}"#
        let answer = try Contender.output(
            ["curl", "-sf", "-H", "Content-Type: application/json", "-d", body, "\(base)/api/v1/auth/login"]
        )
        let tokens = try JSONDecoder().decode([String: Token].self, from: Data(answer.utf8))
        guard case .text(let token)? = tokens["accessToken"] else { throw Contender.Failure(message: answer) }
        self.authorization = "Authorization: Bearer \(token)"
        self.jobsFile = self.directory.appending(path: "jobs.json").path(percentEncoded: false)
        // The plan is there as soon as the first sweep is done.
        _ = try Contender.output(
            [
                "curl", "-sf", "--retry", "30", "--retry-all-errors", "--retry-delay", "1", "-H", self.authorization,
                "-o",
                self.jobsFile, base + Self.path,
            ]
        )
    }

    deinit {
        self.simulator.terminate()
        self.simulator.waitUntilExit()
        // What is left in the temporary directory harms nobody.
        try? FileManager.default.removeItem(at: self.directory)
    }

    private enum Token: Decodable {
        case text(String)
        case other

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .text(text)
            } else {
                self = .other  // numbers and objects beside the token
            }
        }
    }
}
