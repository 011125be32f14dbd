/// What the metrics mean, for the `# HELP` lines and the table of docs/operations.md.
package enum MetricCatalogue {
    /// One line without backslashes, as the exposition formats want it.
    static func help(for name: String) -> String {
        self.meanings[name] ?? self.poolMeaning(name) ?? name.split(separator: "_").joined(separator: " ")
    }

    /// Every metric with a meaning of its own.
    package static let meanings: [String: String] = [
        "http_requests_total": "Requests answered, by route and class of status.",
        "http_request_duration_seconds": "From the request's head to the end of its answer.",
        "process_cpu_seconds_total": "User and system time of the process.",
        "process_max_fds": "File descriptors the process may have.",
        "process_open_fds": "File descriptors the process has.",
        "process_resident_memory_bytes": "Memory of the process that is in RAM.",
        "process_start_time_seconds": "When the process started, in seconds since 1970.",
        "process_threads": "Threads of the process.",
        "process_virtual_memory_bytes": "Address space of the process.",
        "resync_breaker_rejections_total": "Calls not made because a circuit breaker was open.",
        "resync_breaker_transitions_total": "Changes of state of a circuit breaker.",
        "resync_build_info": "1, with the version as label.",
        "resync_health_component": "1 when a component is well, 0.5 when it is degraded, 0 when it has failed.",
        "resync_log_dropped_total": "Log lines dropped because standard error took them too slowly.",
        "resync_metrics_overflow_total": "Uses of a label value beyond the bound on series of a metric.",
        "resync_websocket_closed_total": "WebSockets closed, by close code.",
        "resync_websocket_connections": "Open WebSockets.",
        "resync_websocket_events_dropped_total": "Events not sent to clients that were too slow.",
        "resync_websocket_slow_consumers_total": "WebSockets closed because their client was too slow.",
    ]

    /// The figures of a pool have the names they have in `GET /api/v1/pools`.
    private static func poolMeaning(_ name: String) -> String? {
        guard name.hasPrefix("resync_pool_") else { return nil }
        return "Figure of a connection pool as in GET /api/v1/pools."
    }
}
