import Foundation
import Glibc
import JSON
import Logging
import TestSupport
import Testing

@testable import Monitoring

@Suite("Logs")
struct LogTests {
    @Test
    func `a JSON line holds time, level, logger, message and metadata`() throws {
        let lines = try logged(.json) { logger in
            logger.info("pool resized", metadata: ["pool.name": "db", "pool.max": "20"])
        }

        let root = try JSONDocument(parsing: Array(try #require(lines.first).utf8)).root
        #expect(root["level"]?.string == "info")
        #expect(root["logger"]?.string == "test")
        #expect(root["message"]?.string == "pool resized")
        #expect(root["pool.name"]?.string == "db")
        #expect(root["pool.max"]?.string == "20")
        #expect(root["time"]?.string?.hasSuffix("Z") == true)
    }

    @Test
    func `metadata cannot replace what the line says about itself`() throws {
        let lines = try logged(.json) { $0.info("m", metadata: ["level": "critical"]) }

        let root = try JSONDocument(parsing: Array(try #require(lines.first).utf8)).root
        #expect(root["level"]?.string == "info")
        #expect(root["metadata.level"]?.string == "critical")
    }

    @Test
    func `neither a value nor a message can forge a line or drive a terminal`() throws {
        for format in [LogFormat.text, .json] {
            let lines = try logged(format) { logger in
                logger.info("one\ntwo", metadata: ["user": "eve\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J"])
            }

            #expect(lines.count == 1)
            #expect(lines.allSatisfy { !$0.contains("\u{1b}") && !$0.contains("\r") })
        }
    }

    @Test
    func `a text line reads time, level, message, values`() throws {
        let line = try #require(try logged(.text) { $0.warning("late", metadata: ["b": "two words", "a": "1"]) }.first)

        #expect(line.hasSuffix("Z WARNING  late a=1 b=\"two words\""))
    }

    @Test(arguments: [
        ("dialling postgres://app:hunter2@db/resync failed", "dialling postgres://app:***@db/resync failed"),
        ("GET /api/v1/ws?ticket=hunter2&x=1", "GET /api/v1/ws?ticket=***&x=1"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("token eyJhbGciOiJFUzI1NiJ9.hunter2.x seen", "token eyJ*** seen"),
        ("https://host/path:x@y stays", "https://host/path:x@y stays"),
        ("a://u:hunter2@h and b://v:hunter2@h", "a://u:***@h and b://v:***@h"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ])
    func `credentials inside a text are masked`(_ text: String, _ expected: String) {
        #expect(LogRedaction.redacted(text) == expected)
    }

    @Test(arguments: 0...17)
    func `a credential is masked wherever it stands in the text`(_ offset: Int) {
        let before = String(repeating: "x", count: offset)
        for (secret, masked) in [
            ("Bearer s3cret", "Bearer ***"), ("token=s3cret", "token=***"), ("eyJs3cret", "eyJ***"),
            ("a://u:s3cret@h", "a://u:***@h"),
        ] {
            #expect(LogRedaction.redacted(before + secret) == before + masked)
            #expect(LogRedaction.redacted(before + secret + ",end") == before + masked + ",end")
        }
    }

    @Test(arguments: ["password", "auth.password", "tws.access_token", "Authorization", "http.set-cookie", "apiKey"])
    func `a secret's key hides the whole value`(_ key: String) throws {
        let lines = try logged(.json) { $0.info("m", metadata: ["\(key)": "hunter2"]) }

        #expect(lines.count == 1)
        #expect(lines.allSatisfy { !$0.contains("hunter2") && $0.contains("***") })
    }

    @Test
    func `the level can be changed while running, except for loggers with one of their own`() throws {
        try withPipe { reader, writer in
            let output = LogOutput(format: .text, level: .warning, descriptor: writer)
            let shared = Logger(label: "shared", factory: output.handler)
            var own = Logger(label: "own", factory: output.handler)
            own.logLevel = .error
            shared.info("one")
            output.level = .debug
            shared.debug("two")
            own.warning("three")
            own.error("four")
            #expect(output.flush())
            close(writer)

            let lines = readLines(reader)
            #expect(lines.map { $0.split(separator: " ").last ?? "" } == ["two", "four"])
        }
    }

    @Test
    func `the buffer neither grows nor shrinks while lines come and go`() {
        let sink = LogSink(descriptor: open("/dev/null", O_WRONLY)) { _ in [] }
        func write(_ count: Int) {
            for _ in 0..<count { sink.write { $0.append(contentsOf: "a line of some length\n".utf8) } }
            #expect(sink.flush(timeout: .seconds(30)))
        }
        write(20_000)
        let room = sink.room
        for _ in 0..<50 { write(1_000) }
        #expect(sink.room <= room)
    }

    @Test
    func `a reader that does not read makes nobody wait and dropped lines are told`() throws {
        try withPipe { reader, writer in
            let output = LogOutput(format: .text, level: .info, descriptor: writer, maxPendingBytes: 8 * 1024)
            let logger = Logger(label: "test", factory: output.handler)
            // More than the pipe (64 KiB) and the buffer hold: every call must return although nothing is read.
            for number in 0..<5000 { logger.info("line", metadata: ["n": "\(number)"]) }
            var samples = MetricSamples()
            output.collector(&samples)
            guard case .number(let dropped)? = samples.families.first?.samples.first?.value else {
                Issue.record("resync_log_dropped_total is missing")
                return
            }
            #expect(dropped > 0)

            let collected = DispatchQueue(label: "reader")
            nonisolated(unsafe) var lines: [String] = []  // written on `collected` only, read after `sync` on it
            collected.async { lines = readLines(reader) }
            #expect(output.flush(timeout: .seconds(10)))
            close(writer)
            collected.sync {}

            let numbers = lines.compactMap { line in
                line.split(separator: "n=").count == 2 ? Int(line.split(separator: "=")[1]) : nil
            }
            #expect(numbers == numbers.sorted())
            let told = lines.compactMap { line in
                line.contains("log.dropped=") ? Double(line.split(separator: "=")[1]) : nil
            }
            #expect(told.reduce(0, +) == dropped)
            #expect(Double(numbers.count) + dropped == 5000)
        }
    }
}

/// The lines `body` logs.
private func logged(_ format: LogFormat, _ body: (Logger) -> Void) throws -> [String] {
    try withPipe { reader, writer in
        let output = LogOutput(format: format, level: .trace, descriptor: writer)
        body(Logger(label: "test", factory: output.handler))
        #expect(output.flush())
        close(writer)
        return readLines(reader)
    }
}

/// The body closes the writing end.
private func withPipe<Result>(_ body: (_ reader: Int32, _ writer: Int32) throws -> Result) throws -> Result {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    return try body(ends[0], ends[1])
}

/// Everything until the writing end is closed.
private func readLines(_ descriptor: Int32) -> [String] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { break }
        content.append(contentsOf: chunk[..<count])
    }
    return String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
}
