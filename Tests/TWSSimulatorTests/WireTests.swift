import Foundation
import JSON
import NIOSSL
import TestSupport
import Testing

@testable import TWSSimulator

/// The simulator on real ports, spoken to byte by byte.
@Suite(.timeLimit(.minutes(3))) struct WireTests {
    private let api = "/twsd/api/v2"

    private func withServer(
        _ change: (inout SimulatorConfiguration) -> Void = { _ in },
        _ body: (SimulatorServer) async throws -> Void
    ) async throws {
        var configuration = SimulatorConfiguration()
        configuration.port = 0
        configuration.adminPort = 0
        configuration.speed = 0
        configuration.plainHTTP = true
        configuration.plan.streams = 40
        change(&configuration)
        let server = SimulatorServer(configuration: configuration)
        try await server.start()
        do {
            try await body(server)
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    private func rules(_ json: String) throws -> [FaultRule] {
        try FaultRule.rules(try #require(try JSONValue(parsing: Array(json.utf8)).array), at: "faults")
    }

    private func get(
        _ target: String,
        _ server: SimulatorServer,
        headers: String = ""
    ) async throws -> RawConnection.Outcome {
        try await RawConnection.send(RawConnection.request(self.api + target, headers: headers), to: server.port)
    }

    @Test func `an answer has length, type and the virtual time as its date`() async throws {
        try await self.withServer {
            $0.startVirtual = 3723
        } _: { server in
            let answer = try await self.get("/engine/info", server)
            #expect(answer.status == 200)
            #expect(answer.head.contains("Content-Type: application/json"))
            #expect(answer.head.contains("Date: Thu, 15 Jan 2026 01:02:03 GMT"))
            #expect(answer.head.contains("Content-Length: \(answer.body.count)"))
        }
    }

    @Test func `requests sent ahead on one connection are answered in order`() async throws {
        try await self.withServer { server in
            let first = RawConnection.request("\(self.api)/engine/info").replacingOccurrences(
                of: "Connection: close\r\n",
                with: ""
            )
            let second = RawConnection.request("\(self.api)/plan/resource?limit=1")
            let answer = try await RawConnection.send(first + second, to: server.port)
            let heads = answer.text.components(separatedBy: "HTTP/1.1 200 OK").count - 1
            #expect(heads == 2)
            let info = try #require(answer.text.range(of: "licenseType"))
            let resource = try #require(answer.text.range(of: "quantityAvailable"))
            #expect(info.lowerBound < resource.lowerBound)
        }
    }

    @Test func `a client that sends too many requests ahead loses its connection`() async throws {
        try await self.withServer { server in
            try await server.setFaults(parsing: #"[{"effect":"hang"}]"#)
            let request = RawConnection.request("\(self.api)/engine/info")
                .replacingOccurrences(of: "Connection: close\r\n", with: "")
            let flood = try await RawConnection.send(String(repeating: request, count: 150), to: server.port)
            #expect(flood.bytes.isEmpty)
            #expect(server.simulator.withState { state, _ in state.requests } == 1)
        }
    }

    @Test func `bytes that are no HTTP end the connection, a body over the limit is refused`() async throws {
        try await self.withServer {
            $0.maxBodyBytes = 10
        } _: { server in
            let noise = try await RawConnection.send("\u{1}\u{2}\u{3}\r\n\r\n", to: server.port)
            #expect(noise.bytes.isEmpty && noise.failure == nil)
            let large = RawConnection.request(
                "\(self.api)/plan/job/submit-ad-hoc-job",
                method: "POST",
                headers: "Content-Length: 11\r\nContent-Type: application/json\r\n"
            )
            #expect(try await RawConnection.send(large + "01234567890", to: server.port).status == 413)
        }
    }

    @Test func `over TLS a client that trusts the written certificate is served`() async throws {
        try await TemporaryDirectory.with { directory in
            let file = directory.file("ca.pem")
            try await self.withServer {
                $0.plainHTTP = false
                $0.certificateFile = file
            } _: { server in
                let pem = try String(contentsOfFile: file, encoding: .utf8)
                #expect(pem == server.certificatePEM)
                let request = RawConnection.request("\(self.api)/engine/info")
                let answer = try await RawConnection.send(request, to: server.port, trusting: pem)
                #expect(answer.status == 200)
            }
        }
    }

    @Test(arguments: [
        SimulatorConfiguration.CertificateFlaw.expired, .notYetValid, .wrongName,
    ])
    func `a flawed certificate is refused by a client`(flaw: SimulatorConfiguration.CertificateFlaw) async throws {
        try await self.withServer {
            $0.plainHTTP = false
            $0.certificateFlaw = flaw
        } _: { server in
            let request = RawConnection.request("\(self.api)/engine/info")
            let answer = try await RawConnection.send(request, to: server.port, trusting: server.certificatePEM)
            #expect(answer.bytes.isEmpty)
            #expect(answer.failure != nil)
        }
    }

    @Test func `a followed log grows with virtual time and ends with its run`() async throws {
        try await self.withServer {
            $0.startVirtual = 6 * 3600
        } _: { server in
            let engine = server.simulator.withState { state, _ in state.engine }
            let job = try #require(engine.jobs.first { $0.run.status == .exec && ($0.run.plannedEnd ?? 0) > 21_700 })
            let end = try #require(job.run.plannedEnd)
            async let answer = self.get("/plan/job/run/\(job.run.id)/joblog?follow=true", server)
            while server.simulator.withState({ state, _ in state.inFlight }) == 0 { await Task.yield() }
            await server.advance(seconds: 60)
            await server.advance(seconds: end - 21_600)
            let followed = try await answer
            #expect(followed.head.contains("Transfer-Encoding: chunked"))
            let whole = try await self.get("/plan/job/run/\(job.run.id)/joblog", server)
            #expect(try self.dechunked(followed.body) == whole.body)
            #expect(whole.text.contains("= Exit Status"))
        }
    }

    private func dechunked(_ bytes: [UInt8]) throws -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while true {
            let end = try #require(rest.firstIndex(of: UInt8(ascii: "\r")))
            let size = try #require(Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16))
            if size == 0 { return result }
            result += rest[(end + 2)..<(end + 2 + size)]
            rest = rest[(end + 2 + size + 2)...]
        }
    }

    @Test(arguments: ["fin", "rst"])
    func `a dropped connection ends where and how it was asked to`(kind: String) async throws {
        try await self.withServer { server in
            func drop(_ phase: String, _ more: String = "") async throws -> RawConnection.Outcome {
                await server.setFaults(
                    try self.rules(#"[{"effect":"drop","parameters":{"phase":"\#(phase)","kind":"\#(kind)"\#(more)}}]"#)
                )
                return try await self.get("/plan/job", server)
            }
            let accept = try await drop("accept")
            #expect(accept.bytes.isEmpty)
            let headers = try await drop("headers")
            #expect(headers.bytes.isEmpty)
            #expect(headers.wasReset == (kind == "rst"))
            let body = try await drop("body", #","bytes":100"#)
            #expect(body.wasReset == (kind == "rst"))
            if kind == "fin" {
                #expect(body.status == 200)
                #expect(body.body.count == 100)
            } else {
                // A reset overtakes what the client has not read yet, so perhaps nothing has arrived.
                #expect(body.body.count <= 100)
            }
            await server.setFaults([])
            #expect(try await self.get("/plan/job", server).body.count > 100_000)
        }
    }

    @Test func `a handshake can be refused`() async throws {
        try await self.withServer {
            $0.plainHTTP = false
        } _: { server in
            await server.setFaults(
                try self.rules(#"[{"effect":"drop","match":{"first":1},"parameters":{"phase":"tls"}}]"#)
            )
            let request = RawConnection.request("\(self.api)/engine/info")
            let refused = try await RawConnection.send(request, to: server.port, trusting: server.certificatePEM)
            #expect(refused.bytes.isEmpty)
            let answer = try await RawConnection.send(request, to: server.port, trusting: server.certificatePEM)
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: ["expired", "notYetValid", "wrongName"])
    func `a fault shows another certificate, wrong only in its flaw, until it goes`(flaw: String) async throws {
        try await self.withServer {
            $0.plainHTTP = false
        } _: { server in
            let request = RawConnection.request("\(self.api)/engine/info")
            func send() async throws -> RawConnection.Outcome {
                try await RawConnection.send(request, to: server.port, trusting: server.certificatePEM)
            }
            try await server.setFaults(parsing: #"[{"effect":"tls","parameters":{"minimum":"1.3"}}]"#)
            #expect(try await send().status == 200)
            try await server.setFaults(parsing: #"[{"effect":"tls","parameters":{"certificate":"\#(flaw)"}}]"#)
            let refused = try await send()
            #expect(refused.bytes.isEmpty && refused.failure != nil)
            try await server.setFaults(parsing: "[]")
            #expect(try await send().status == 200)
        }
    }

    @Test func `a client that knows no newer TLS than 1.2 is refused where 1.3 is the least`() async throws {
        try await self.withServer {
            $0.plainHTTP = false
            $0.requiresTLS13 = true
        } _: { server in
            let request = RawConnection.request("\(self.api)/engine/info")
            func status(_ latest: TLSVersion?) async throws -> Int? {
                let pem = server.certificatePEM
                return try await RawConnection.send(request, to: server.port, trusting: pem, latestTLS: latest).status
            }
            #expect(try await status(.tlsv12) == nil)
            #expect(try await status(nil) == 200)
            try await server.setFaults(parsing: #"[{"effect":"tls","parameters":{"minimum":"1.2"}}]"#)
            #expect(try await status(.tlsv12) == 200)
            try await server.setFaults(parsing: #"[{"effect":"tls","parameters":{"minimum":"1.3"}}]"#)
            #expect(try await status(.tlsv12) == nil)
        }
    }

    @Test func `an answer that is held back does not come before its time`() async throws {
        try await self.withServer { server in
            try await server.setFaults(parsing: #"[{"effect":"latency","parameters":{"fixedMs":200}}]"#)
            let started = ContinuousClock.now
            #expect(try await self.get("/engine/info", server).status == 200)
            #expect(started.duration(to: .now) >= .milliseconds(190))
        }
    }

    @Test func `a queued request is answered once the one before it has gone`() async throws {
        try await self.withServer { server in
            try await server.setFaults(
                parsing: """
                    [{"effect":"concurrency","parameters":{"maxInFlight":1,"overflow":"queue"}},
                     {"effect":"hang","match":{"path":"resource$"},"parameters":{"seconds":0.2}}]
                    """
            )
            async let hanging = self.get("/plan/resource", server)
            while server.simulator.withState({ state, _ in state.requests }) < 1 { await Task.yield() }
            async let queued = self.get("/engine/info", server)
            #expect(try await queued.status == 200)
            #expect(try await hanging.bytes.isEmpty)
            let records = server.simulator.withState { state, _ in state.records.map(\.target) }
            #expect(records == ["\(self.api)/plan/resource", "\(self.api)/engine/info"])
        }
    }

    @Test func `a truncated body announces its full length or not`() async throws {
        try await self.withServer { server in
            let whole = try await self.get("/plan/resource", server)
            for (keeps, length) in [(true, whole.body.count), (false, whole.body.count / 2)] {
                await server.setFaults(
                    try self.rules(
                        #"[{"effect":"truncate","parameters":{"fraction":0.5,"keepContentLength":\#(keeps)}}]"#
                    )
                )
                let cut = try await self.get("/plan/resource", server)
                #expect(cut.body == Array(whole.body.prefix(whole.body.count / 2)))
                #expect(cut.head.contains("Content-Length: \(length)"))
            }
        }
    }

    @Test func `a slow body takes its time and is complete`() async throws {
        try await self.withServer { server in
            let whole = try await self.get("/engine/info", server)
            let rate = whole.body.count * 4
            await server.setFaults(
                try self.rules(
                    #"[{"effect":"slowBody","parameters":{"bytesPerSecond":\#(rate),"chunkBytes":16,"firstByteMs":20}}]"#
                )
            )
            let started = ContinuousClock.now
            let slow = try await self.get("/engine/info", server)
            #expect(slow.body == whole.body)
            #expect(started.duration(to: .now) >= .milliseconds(240))
        }
    }

    @Test func `a hanging request is not answered and its connection ends`() async throws {
        try await self.withServer { server in
            await server.setFaults(
                try self.rules(
                    #"[{"id":"stuck","effect":"hang","match":{"path":"resource$"},"parameters":{"seconds":0.2}}]"#
                )
            )
            let started = ContinuousClock.now
            let answer = try await self.get("/plan/resource", server)
            #expect(answer.bytes.isEmpty && answer.failure == nil)
            #expect(started.duration(to: .now) >= .milliseconds(190))
            #expect(try await self.get("/plan/workstation", server).status == 200)
            let records = server.simulator.withState { state, _ in Array(state.records) }
            #expect(records.map(\.fault) == ["stuck", nil])
            #expect(records.map(\.status) == [0, 200])
        }
    }

    @Test func `the master's port is closed during a failover and open afterwards`() async throws {
        try await self.withServer {
            $0.backupPort = 0
        } _: { server in
            let backup = try #require(server.backupPort)
            #expect(backup != server.port)
            let request = RawConnection.request("\(self.api)/engine/info")
            await server.setFaults(try self.rules(#"[{"effect":"failover"}]"#))
            #expect(try await RawConnection.send(request, to: server.port).failure != nil)
            #expect(try await RawConnection.send(request, to: backup).status == 200)
            await server.setFaults([])
            #expect(try await RawConnection.send(request, to: server.port).status == 200)
        }
    }

    @Test func `a port that is taken is an error with the port's number, and no file is touched`() async throws {
        try await TemporaryDirectory.with { directory in
            let files = [directory.file("ca.pem"), directory.file("actions.log")]
            for file in files { try Data("the first one's".utf8).write(to: URL(filePath: file)) }
            try await self.withServer { server in
                var configuration = SimulatorConfiguration()
                configuration.port = server.port
                configuration.adminPort = 0
                configuration.plan.streams = 1
                configuration.certificateFile = files[0]
                configuration.recordFile = files[1]
                let second = SimulatorServer(configuration: configuration)
                let error = await #expect(throws: SimulatorError.self) { try await second.start() }
                #expect(error?.code == .cannotBind)
                #expect(error?.message.contains(String(server.port)) == true)
            }
            for file in files { #expect(try String(contentsOfFile: file, encoding: .utf8) == "the first one's") }
        }
    }
}
