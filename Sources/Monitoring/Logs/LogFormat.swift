/// How a log line looks.
package enum LogFormat: Sendable {
    /// One JSON object per line: `time`, `level`, `logger`, `message`, then the metadata under its own keys.
    case json
    /// For people: time, level, message, then `key=value`.
    case text
}
