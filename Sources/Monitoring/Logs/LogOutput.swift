import Concurrency
import Dispatch
import Glibc
import Logging

/// The process's log: made once at start, given to `LoggingSystem.bootstrap`.
///
/// The level can be changed while running; it applies to every logger that has not been given one of its own.
package final class LogOutput: Sendable {
    private let format: LogFormat
    private let sink: LogSink
    private let sharedLevel: Locked<Logger.Level>

    /// Writes to standard error unless told otherwise.
    package init(
        format: LogFormat,
        level: Logger.Level,
        descriptor: Int32 = STDERR_FILENO,
        maxPendingBytes: Int = LogSink.defaultMaxPendingBytes
    ) {
        self.format = format
        self.sharedLevel = Locked(level)
        self.sink = LogSink(descriptor: descriptor, maxPendingBytes: maxPendingBytes) { dropped in
            var line: [UInt8] = []
            LogLine.append(
                to: &line,
                format,
                level: .warning,
                logger: "log",
                message: "log lines were dropped: standard error took them too slowly",
                epochMilliseconds: Self.now()
            ) { $0.field("log.dropped", String(dropped)) }
            return line
        }
    }

    /// Applies from the next line on.
    package var level: Logger.Level {
        get { self.sharedLevel.withLock { $0 } }
        set { self.sharedLevel.withLock { $0 = newValue } }
    }

    /// A handler for `LoggingSystem.bootstrap` or a logger of its own.
    package func handler(label: String) -> any LogHandler {
        OutputLogHandler(output: self, label: label)
    }

    /// Adds `resync_log_dropped_total`.
    package var collector: MetricsRegistry.Collector {
        { [sink = self.sink] samples in
            samples.counter("resync_log_dropped_total", Double(sink.dropped))
        }
    }

    /// Waits until everything logged so far is written; blocks, for the end of the process only.
    @discardableResult
    package func flush(timeout: DispatchTimeInterval = .seconds(2)) -> Bool {
        self.sink.flush(timeout: timeout)
    }

    /// Writes a line of its own values, unless `level` is below the one in force.
    ///
    /// For lines so frequent that a dictionary of metadata would cost more than the line; everything else goes through
    /// `Logger`. `values` runs under the lock of the output: it only adds fields.
    package func write(
        _ level: Logger.Level,
        logger: String,
        _ message: String,
        _ values: (inout LogLine) -> Void
    ) {
        if level >= self.level { self.put(level, logger: logger, message, values) }
    }

    fileprivate func put(
        _ level: Logger.Level,
        logger: String,
        _ message: String,
        _ values: (inout LogLine) -> Void
    ) {
        let now = Self.now()
        self.sink.write { bytes in
            LogLine.append(
                to: &bytes,
                self.format,
                level: level,
                logger: logger,
                message: message,
                epochMilliseconds: now,
                values
            )
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// What one logger knows: its label, its metadata and, if set, a level of its own.
private struct OutputLogHandler: LogHandler {
    let output: LogOutput
    let label: String
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(output: LogOutput, label: String) {
        self.output = output
        self.label = label
    }

    var logLevel: Logger.Level {
        get { self.ownLevel ?? self.output.level }
        set { self.ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var merged = self.metadata
        if let provided = self.metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let given = event.metadata {
            if merged.isEmpty {
                merged = given
            } else {
                merged.merge(given) { _, new in new }
            }
        }
        var pairs = merged.map { (key: $0.key, value: $0.value.description) }.sorted { $0.key < $1.key }
        if let error = event.error { pairs.append((key: "error", value: String(describing: error))) }
        self.output.put(event.level, logger: self.label, event.message.description) { line in
            for (key, value) in pairs { line.field(key: key, value) }
        }
    }
}
