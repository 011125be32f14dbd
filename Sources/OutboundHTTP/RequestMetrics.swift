import Metrics

/// How long requests to one origin take until their response is complete, by what became of them.
///
/// Streams are not counted: how long they last is their consumer's affair.
struct RequestMetrics: Sendable {
    private let timers: [String: Timer]

    init(origin: HTTPOrigin) {
        self.timers = Dictionary(
            uniqueKeysWithValues: ["1xx", "2xx", "3xx", "4xx", "5xx", "error", "cancelled"].map { outcome in
                let dimensions = [("server_address", origin.authority), ("outcome", outcome)]
                return (outcome, Timer(label: "http_client_request_duration_seconds", dimensions: dimensions))
            }
        )
    }

    /// Runs a request and records it.
    func measure(_ request: () async throws -> HTTPClientResponse) async throws -> HTTPClientResponse {
        let began = ContinuousClock.now
        do {
            let response = try await request()
            self.record("\(response.status / 100)xx", since: began)
            return response
        } catch {
            self.record(error is CancellationError ? "cancelled" : "error", since: began)
            throw error
        }
    }

    private func record(_ outcome: String, since began: ContinuousClock.Instant) {
        self.timers[outcome]?.recordNanoseconds(Int64(began.duration(to: .now) / .nanoseconds(1)))
    }
}
