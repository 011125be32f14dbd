import Concurrency
import Logging
import Metrics
import NIOHTTP1

/// Counts requests and writes the access log: one line for each answer.
///
/// Routes are named by their template, so that ids in paths do not become names of series. Targets are logged without
/// their query, which may hold a ticket.
final class RequestObservation: Sendable {
    private struct Figures: Sendable {
        var total: [Counter?] = Array(repeating: nil, count: 6)
        var duration: Timer?
    }

    /// Made at the first request, because the metrics system may be chosen after the server.
    private final class Series: Sendable {
        let figures = Locked(Figures())
    }

    private let routes: [Route]
    private let series: [Series]
    private let logger: Logger
    private let gauges = Locked<(running: Gauge, connections: Gauge)?>(nil)

    init(routes: [Route], logger: Logger) {
        self.routes = routes
        self.series = (0...routes.count).map { _ in Series() }
        self.logger = logger
    }

    func record(_ exchange: HTTPExchange, now: ContinuousClock.Instant) {
        let duration = exchange.arrivedAt.duration(to: now)
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        let route = exchange.resolution.route
        let group = min(Int(exchange.status.code) / 100, 5)
        let (counter, timer) = self.series[route?.index ?? self.routes.count].figures.withLock { series in
            let counter = series.total[group] ?? Self.counter(route, group: group)
            let timer = series.duration ?? Self.timer(route)
            series.total[group] = counter
            series.duration = timer
            return (counter, timer)
        }
        counter.increment()
        timer.recordNanoseconds(nanoseconds)
        self.log(exchange, route: route, nanoseconds: nanoseconds)
    }

    /// Sampled, not counted at each request.
    func record(running: Int, connections: Int) {
        let gauges = self.gauges.withLock { gauges in
            let made = gauges ?? (Gauge(label: "http_requests_in_flight"), Gauge(label: "http_connections"))
            gauges = made
            return made
        }
        gauges.running.record(running)
        gauges.connections.record(connections)
    }

    private func log(_ exchange: HTTPExchange, route: Route?, nanoseconds: Int64) {
        self.logger.info(
            "request",
            metadata: {
                var metadata = Logger.Metadata(minimumCapacity: 12)
                metadata["http.status"] = .string(String(exchange.status.code))
                metadata["http.duration_us"] = .string(String(nanoseconds / 1_000))
                metadata["http.response_bytes"] = .string(String(exchange.responseBytes))
                if let head = exchange.head {
                    metadata["http.method"] = .string(head.method.rawValue)
                    metadata["http.path"] = .string(RequestTarget.path(of: head.uri))
                }
                if let route { metadata["http.route"] = .string(route.template) }
                if let context = exchange.context {
                    metadata["request.id"] = .string(context.requestID)
                    metadata["net.peer"] = .string(context.remoteAddress)
                    if let trace = context.traceContext { metadata["trace.id"] = .string(trace.traceID) }
                    if let principal = context.principal { metadata["user"] = .string(principal.name) }
                }
                return metadata
            }()
        )
    }

    private static func dimensions(_ route: Route?) -> [(String, String)] {
        [("route", route?.template ?? ""), ("method", route?.method.rawValue ?? "")]
    }

    private static func counter(_ route: Route?, group: Int) -> Counter {
        Counter(label: "http_requests_total", dimensions: Self.dimensions(route) + [("status", "\(group)xx")])
    }

    private static func timer(_ route: Route?) -> Timer {
        Timer(label: "http_request_duration_seconds", dimensions: Self.dimensions(route))
    }
}
