import Concurrency
import Metrics
import NIOCore

/// Counts requests and writes the access log: one line for each answer.
///
/// Routes are named by their template, so that ids in paths do not become names of series.
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
    private let accessLog: (any AccessLog)?
    private let gauges = Locked<(running: Gauge, connections: Gauge)?>(nil)

    init(routes: [Route], accessLog: (any AccessLog)?) {
        self.routes = routes
        self.series = (0...routes.count).map { _ in Series() }
        self.accessLog = accessLog
    }

    func record(_ exchange: HTTPExchange, now: NIODeadline) {
        let nanoseconds = (now - exchange.arrivedAt).nanoseconds
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
        guard let accessLog else { return }
        let context = exchange.context
        accessLog.record(
            AnsweredRequest(
                status: Int(exchange.status.code),
                microseconds: Int(nanoseconds / 1_000),
                responseBytes: exchange.responseBytes,
                method: exchange.head?.method.rawValue,
                path: (exchange.head?.uri).map(RequestTarget.path),
                route: route?.template,
                requestID: context?.requestID,
                peer: context?.remoteAddress,
                traceID: context?.traceContext?.traceID,
                user: context?.principal?.name
            )
        )
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
