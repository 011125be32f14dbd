import InboundHTTP
import Logging
import Monitoring

/// The access log: lines of level info with the message `request`, written straight into the process's log.
package struct RequestLog: AccessLog {
    private let output: LogOutput
    private let logger: String

    /// `logger` is the name of the logger that the lines carry.
    package init(_ output: LogOutput, logger: String) {
        self.output = output
        self.logger = logger
    }

    package func record(_ request: AnsweredRequest) {
        self.output.write(.info, logger: self.logger, "request") { line in
            line.field("http.duration_us", request.microseconds)
            if let method = request.method { line.field("http.method", method) }
            if let path = request.path { line.field("http.path", path) }
            line.field("http.response_bytes", request.responseBytes)
            if let route = request.route { line.field("http.route", route) }
            line.field("http.status", request.status)
            if let peer = request.peer { line.field("net.peer", peer) }
            if let id = request.requestID { line.field("request.id", id) }
            if let id = request.traceID { line.field("trace.id", id) }
            if let user = request.user { line.field("user", user) }
        }
    }
}
