import Glibc
import InboundHTTP
import JSON
import Logging
import Monitoring
import Testing

@testable import ResyncApp

@Suite("Access log")
struct RequestLogTests {
    private static let full = AnsweredRequest(
        status: 201,
        microseconds: 1_234,
        responseBytes: 56,
        method: "GET",
        path: "/api/v1/plan/jobs/A\"B",
        route: "/api/v1/plan/jobs/{id}",
        requestID: "Bearer hunter2",
        peer: "::1",
        traceID: "0af7651916cd43dd8448eb211c80319c",
        user: "ana"
    )

    @Test func `a line carries the request, escaped and without secrets`() throws {
        let line = try #require(try Self.lines(.info) { $0.record(Self.full) }.first)
        let root = try JSONDocument(parsing: Array(line.utf8)).root
        let expected = [
            "level": "info", "logger": "http", "message": "request", "http.status": "201", "http.duration_us": "1234",
            "http.response_bytes": "56", "http.method": "GET", "http.path": "/api/v1/plan/jobs/A\"B",
            "http.route": "/api/v1/plan/jobs/{id}", "request.id": "Bearer ***", "net.peer": "::1",
            "trace.id": "0af7651916cd43dd8448eb211c80319c", "user": "ana",
        ]
        for (key, value) in expected { #expect(root[key]?.string == value) }
        #expect(root["time"]?.string.flatMap(RFC3339.epochMilliseconds) != nil)
    }

    @Test func `what is not known of a request is left out`() throws {
        let request = AnsweredRequest(status: 400, microseconds: 1)
        let line = try #require(try Self.lines(.info) { $0.record(request) }.first)
        let root = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(root["http.status"]?.string == "400")
        for key in ["http.method", "http.path", "http.route", "request.id", "net.peer", "trace.id", "user"] {
            #expect(root[key] == nil)
        }
    }

    @Test func `a level above info silences it`() throws {
        #expect(try Self.lines(.warning) { $0.record(Self.full) }.isEmpty)
    }

    /// The lines `body` causes at this level of the log.
    private static func lines(_ level: Logger.Level, _ body: (RequestLog) -> Void) throws -> [String] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let output = LogOutput(format: .json, level: level, descriptor: ends[1])
        body(RequestLog(output, logger: "http"))
        #expect(output.flush())
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = bytes.withUnsafeMutableBytes { read(ends[0], $0.baseAddress, $0.count) }
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
