import Foundation

/// Starts all servers and measures them in turn, so that what else the machine does falls on all alike.
struct Comparison {
    private static let rounds = 5
    private static let seconds = 3
    private static let python = ".build/bench/venv/bin"
    /// One worker, the faster of uvicorn's event loops and parsers, and an access log as ours has one.
    private static let uvicornOptions = [
        "--loop", "uvloop", "--http", "httptools", "--access-log", "--log-level", "info",
    ]

    /// What the figures were measured under.
    static let conditions = """
        one event loop per server on processor 0, wrk -t1 -c64 on processor 1, \(Self.rounds) rounds of \(Self.seconds) s, medians
        Resync: access log, metrics, request ids, limits, security fields; the list by the built program, with its bearer token
        bare NIO, Hummingbird: no log; Hummingbird and FastAPI encode the same 20 jobs for each request
        FastAPI: pydantic models; uvicorn \(Self.uvicornOptions.joined(separator: " "))
        """

    private let ours: Contender
    private let plan: ServedPlan
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
        self.plan = try ServedPlan(programs: programs)
        self.ours = try Contender(name: "Resync", port: 18_081, command: [bench, "serve", "18081"])
        self.bare = try Contender(name: "bare NIO", port: 18_082, command: [peers, "nio", "18082"])
        self.hummingbird = try Contender(
            name: "Hummingbird 2.28.1",
            port: 18_083,
            command: [peers, "hummingbird", "18083", self.plan.jobsFile]
        )
        self.fastAPI = try Contender(
            name: "FastAPI 0.165.0, uvicorn 0.54.0",
            port: 18_084,
            command: [uvicorn, "fastapi_app:app", "--port", "18084"] + Self.uvicornOptions,
            directory: sources,
            environment: ["JOBS": self.plan.jobsFile]
        )
    }

    func measure() throws -> [Results.Row] {
        try self.compare("http.static", path: "/static", with: [(self.bare, 0.85)])
            + self.compare("http.plainJSON", path: "/json/7", with: [(self.hummingbird, 1.9), (self.fastAPI, 5)])
            + self.compare(
                "http.jobsList",
                ours: Subject(self.plan.server, ServedPlan.path, header: self.plan.authorization),
                path: "/jobs",
                with: [(self.hummingbird, 1.9), (self.fastAPI, 5)]
            )
    }

    /// One address of one server.
    private struct Subject {
        let contender: Contender
        let path: String
        let header: String?

        init(_ contender: Contender, _ path: String, header: String? = nil) {
            self.contender = contender
            self.path = path
            self.header = header
        }

        func load(seconds: Int) throws -> Contender.Sample {
            try self.contender.load(path: self.path, header: self.header, seconds: seconds)
        }
    }

    /// `target` is the least ratio of our rate to theirs; for processor time, where less is better, its inverse is the
    /// most.
    private func compare(
        _ figure: String,
        ours: Subject? = nil,
        path: String,
        with peers: [(contender: Contender, target: Double)]
    ) throws -> [Results.Row] {
        let all = [ours ?? Subject(self.ours, path)] + peers.map { Subject($0.contender, path) }
        var samples = [[Contender.Sample]](repeating: [], count: all.count)
        for subject in all { _ = try subject.load(seconds: 1) }
        for _ in 0..<Self.rounds {
            for (index, subject) in all.enumerated() {
                samples[index].append(try subject.load(seconds: Self.seconds))
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
