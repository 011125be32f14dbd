import Concurrency
import Resilience

/// Reading job logs.
extension TWSClient {
    /// Which part of a log is read.
    package struct LogRange: Sendable, Hashable {
        /// Lines count from 1; both ends belong to the range.
        package var fromLine: Int?
        package var toLine: Int?
        /// Leaves out the banners in front and behind.
        package var contentOnly = false
        /// Stays open while the job runs and goes on as it writes.
        package var follow = false

        package init(fromLine: Int? = nil, toLine: Int? = nil, contentOnly: Bool = false, follow: Bool = false) {
            self.fromLine = fromLine
            self.toLine = toLine
            self.contentOnly = contentOnly
            self.follow = follow
        }
    }

    /// Hands over the log of a run in pieces as they arrive, in whatever encoding the job wrote.
    ///
    /// At most ``TWSEngineSettings/maximumLogRequests`` at once, because each takes a thread of the broker and too many
    /// hang it; others wait their turn. Not repeated when it breaks off: the reader has part of it already.
    package func log(
        ofRun runID: String,
        range: LogRange = LogRange(),
        deadline: Deadline,
        requestID: String? = nil,
        onText: ([UInt8]) async throws -> Void
    ) async throws {
        var call = TWSCall(
            operation: "read job log",
            path: "/plan/job/run/\(try TWSPath.segment(runID))/joblog",
            accept: "text/plain"
        )
        if let line = range.fromLine { call.query.append(("from_line", "\(line)")) }
        if let line = range.toLine { call.query.append(("to_line", "\(line)")) }
        if range.contentOnly { call.query.append(("contentOnly", "true")) }
        if range.follow {
            call.query.append(("follow", "true"))
            // A job may be silent for long.
            call.readTimeout = max(.seconds(1), deadline.remaining)
        }
        do {
            try await self.logLimit.run(deadline: deadline) {
                try await self.stream(call, deadline: deadline, requestID: requestID, onBody: onText)
            }
        } catch let error as ResilienceError {
            throw TWSError(
                code: .busy,
                message: "read job log: \(error.message)",
                retryAfter: error.retryAfter,
                cause: error
            )
        }
    }
}

/// Keeps the last lines of a text that comes in pieces, in bounded memory.
package struct LogTail: Sendable {
    private let maximumLines: Int
    private let maximumBytes: Int
    private var bytes: [UInt8] = []

    /// Of a line longer than `maximumBytes` only the end is kept.
    package init(lines: Int, maximumBytes: Int = 4 * 1024 * 1024) {
        self.maximumLines = max(0, lines)
        self.maximumBytes = max(1, maximumBytes)
    }

    package mutating func append(_ piece: [UInt8]) {
        self.bytes += piece
        // Trimmed only when it has doubled, so that each byte is moved a constant number of times.
        if self.bytes.count > 2 * self.maximumBytes { self.bytes = self.trimmed() }
    }

    /// The last lines; the last one may lack its end.
    package var text: [UInt8] { self.trimmed() }

    private func trimmed() -> [UInt8] {
        guard self.maximumLines > 0 else { return [] }
        let newline = UInt8(ascii: "\n")
        var start = max(0, self.bytes.count - self.maximumBytes)
        var remaining = self.maximumLines
        var index = self.bytes.count - 1
        // The newline at the very end belongs to the last line.
        if index >= start, self.bytes[index] == newline { index -= 1 }
        while index >= start {
            if self.bytes[index] == newline {
                remaining -= 1
                if remaining == 0 {
                    start = index + 1
                    break
                }
            }
            index -= 1
        }
        return Array(self.bytes[start...])
    }
}
