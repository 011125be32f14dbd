import Foundation
import JSON
import Testing

@testable import TWSSimulator

/// The simulator without its ports: requests go in and answers come out on the calling thread, time is frozen.
struct SimulatorDriver {
    let simulator: Simulator

    /// What came back.
    struct Answer {
        let exchange: Exchange
        let status: Int
        let bytes: [UInt8]

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
        func header(_ name: String) -> String? {
            self.exchange.reply.headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
        func json() throws -> JSONValue { try JSONValue(parsing: self.bytes) }
        func results() throws -> [JSONValue] { try #require(try self.json()["results"]?.array) }
    }

    init(_ change: (inout SimulatorConfiguration) -> Void = { _ in }) {
        var configuration = SimulatorConfiguration()
        configuration.speed = 0
        configuration.pageURLHost = "https://localhost:31116"
        change(&configuration)
        let isMorning =
            configuration.plan == Self.morning.parameters && configuration.startVirtual == 6 * 3600
            && configuration.mirrorLagSeconds == 0 && configuration.replay.isEmpty
        self.simulator = Simulator(configuration: configuration, plan: isMorning ? Self.morning : nil)
    }

    /// The usual plan at six o'clock, which most tests begin with: moving it there takes longer than what they do.
    private static let morning = {
        var engine = PlanEngine(parameters: PlanParameters())
        engine.advance(to: 6 * 3600)
        return engine
    }()

    func advance(_ seconds: Int) {
        self.simulator.withState { state, real in
            state.advance(to: state.clock.now(real) + Double(seconds), real: real)
        }
    }

    func setFaults(_ json: String) throws {
        let rules = try FaultRule.rules(try #require(try JSONValue(parsing: Array(json.utf8)).array), at: "faults")
        self.simulator.withState { $0.setFaults(rules, real: $1) }
    }

    func send(
        _ method: String,
        _ target: String,
        _ headers: [(String, String)] = [],
        body: String = "",
        node: Int = 0,
        login: String? = "resync:resync"
    ) -> Answer {
        var all = headers.map { (name: $0.0.lowercased(), value: $0.1) }
        if let login { all.append(("authorization", "Basic " + Data(login.utf8).base64EncodedString())) }
        if !body.isEmpty, !all.contains(where: { $0.name == "content-type" }) {
            all.append(("content-type", "application/json"))
        }
        let request = SimulatorRequest(
            node: node,
            method: method,
            target: target,
            headers: all,
            body: Array(body.utf8)
        )
        let exchange = self.simulator.exchange(request)
        self.simulator.finish(exchange, request: request)
        var bytes: [UInt8] = []
        if case .bytes(let body) = exchange.reply.body { bytes = body }
        return Answer(exchange: exchange, status: exchange.reply.status, bytes: bytes)
    }

    func get(_ path: String, _ query: [String: String] = [:], _ headers: [(String, String)] = []) -> Answer {
        let items = query.sorted { $0.key < $1.key }.map { "\(percentEncoded($0.key))=\(percentEncoded($0.value))" }
        let target = "/twsd/api/v2/\(path)" + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
        return self.send("GET", target, headers)
    }

    func put(_ path: String, body: String = "") -> Answer { self.send("PUT", "/twsd/api/v2/\(path)", body: body) }
    func post(_ path: String, body: String = "") -> Answer { self.send("POST", "/twsd/api/v2/\(path)", body: body) }

    var configuration: SimulatorConfiguration { self.simulator.withState { state, _ in state.configuration } }
    var engine: PlanEngine { self.simulator.withState { state, _ in state.engine } }

    /// A job in an internal status, the first in the order of the plan that fulfils a condition.
    func job(_ status: JobStatus, where condition: (SimulatedJob) -> Bool = { _ in true }) throws -> SimulatedJob {
        try #require(self.engine.jobs.first { $0.run.status == status && !$0.canceled && condition($0) })
    }

    func status(_ job: SimulatedJob) throws -> (internal: String?, common: String?) {
        let json = try self.get("plan/job/\(job.id)").json()
        return (json["lastRunCompositeStatus"]?["status"]?.string, json["lastRunCommonStatus"]?.string)
    }

    func force(_ job: SimulatedJob, _ status: JobStatus) throws {
        _ = try self.simulator.withState { (state, real) throws(ActionRefusal) in
            state.catchUp(real)
            try state.force(job: job.id.description, ForcedStatus(status: status))
        }
    }
}
