import Foundation

/// Starts all servers and measures them in turn, so that what else the machine does falls on all alike.
struct Comparison {
    private static let rounds = 5
    private static let seconds = 3
    private static let python = ".build/bench/venv/bin"

    private let ours: Contender
    private let bare: Contender
    private let hummingbird: Contender
    private let fastAPI: Contender

    init(programs: URL) throws {
        let bench = programs.appending(path: "http-bench").path(percentEncoded: false)
        let peers = programs.appending(path: "http-peers").path(percentEncoded: false)
        let sources = "Tests/Benchmarks/HTTPPeers"
        if !FileManager.default.fileExists(atPath: "\(Self.python)/uvicorn") {
            _ = try Contender.output(["python3", "-m", "venv", ".build/bench/venv"])
            _ = try Contender.output(["\(Self.python)/pip", "install", "-q", "-r", "\(sources)/requirements.txt"])
        }
        let uvicorn = URL(filePath: "\(Self.python)/uvicorn").path(percentEncoded: false)
        self.ours = try Contender(name: "Resync", port: 18_081, command: [bench, "serve", "18081"])
        self.bare = try Contender(name: "bare NIO", port: 18_082, command: [peers, "nio", "18082"])
        self.hummingbird = try Contender(
            name: "Hummingbird 2.28.1",
            port: 18_083,
            command: [peers, "hummingbird", "18083"]
        )
        self.fastAPI = try Contender(
            name: "FastAPI 0.165.0, uvicorn 0.54.0",
            port: 18_084,
            command: [uvicorn, "fastapi_app:app", "--port", "18084", "--no-access-log", "--log-level", "error"],
            directory: sources
        )
    }

    func measure() throws -> [Results.Row] {
        try self.compare("http.static", path: "/static", with: [(self.bare, 0.85)])
            + self.compare("http.plainJSON", path: "/json/7", with: [(self.hummingbird, 1.9), (self.fastAPI, 5)])
            + self.compare("http.jobsList", path: "/jobs", with: [(self.hummingbird, 1.9), (self.fastAPI, 5)])
    }

    /// `target` is the least ratio of our rate to theirs; for processor time, where less is better, its inverse is the
    /// most.
    private func compare(
        _ figure: String,
        path: String,
        with peers: [(contender: Contender, target: Double)]
    ) throws -> [Results.Row] {
        let all = [self.ours] + peers.map(\.contender)
        var samples = [[Contender.Sample]](repeating: [], count: all.count)
        for contender in all { _ = try contender.load(path: path, seconds: 1) }
        for _ in 0..<Self.rounds {
            for (index, contender) in all.enumerated() {
                samples[index].append(try contender.load(path: path, seconds: Self.seconds))
            }
        }
        let rates = samples.map { Self.median($0.map(\.requestsPerSecond)) }
        let times = samples.map { Self.median($0.map(\.cpuMicroseconds)) }
        return peers.enumerated().flatMap { index, peer in
            let suffix = index == 0 ? "" : ".second"
            return [
                Results.Row(
                    figure: "\(figure).rate\(suffix)",
                    value: rates[0],
                    unit: "requests/s",
                    against: peer.contender.name,
                    theirs: rates[index + 1],
                    bound: .atLeast(peer.target)
                ),
                Results.Row(
                    figure: "\(figure).cpu\(suffix)",
                    value: times[0],
                    unit: "us/request",
                    against: peer.contender.name,
                    theirs: times[index + 1],
                    bound: .atMost(1 / peer.target)
                ),
            ]
        }
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
