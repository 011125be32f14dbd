import JSON
import Logging

/// How a log line looks.
package enum LogFormat: Sendable {
    /// One JSON object per line: `time`, `level`, `logger`, `message`, then the metadata under its own keys.
    case json
    /// For people: time, level, message, then `key=value`.
    case text

    /// A finished line with its line feed; secrets are masked, control characters escaped.
    func line(
        level: Logger.Level,
        logger: String,
        message: String,
        metadata: [(key: String, value: String)],
        epochMilliseconds: Int64
    ) -> [UInt8] {
        let time = RFC3339.string(epochMilliseconds: epochMilliseconds)
        let message = LogRedaction.redacted(message)
        switch self {
        case .json:
            return Self.json(level: level, logger: logger, message: message, metadata: metadata, time: time)
        case .text:
            return Self.text(level: level, message: message, metadata: metadata, time: time)
        }
    }

    private static func json(
        level: Logger.Level,
        logger: String,
        message: String,
        metadata: [(key: String, value: String)],
        time: String
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.field("time", time)
        writer.field("level", level.rawValue)
        writer.field("logger", logger)
        writer.field("message", message)
        for (key, value) in metadata {
            // Metadata must not be able to replace what the line says about itself.
            writer.key(string: Self.isOwnKey(key) ? "metadata.\(key)" : key)
            writer.value(Self.shown(value, of: key))
        }
        writer.endObject()
        var line = writer.bytes
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func shown(_ value: String, of key: String) -> String {
        LogRedaction.hides(key: key) ? LogRedaction.mask : LogRedaction.redacted(value)
    }

    private static func isOwnKey(_ key: String) -> Bool {
        key == "time" || key == "level" || key == "logger" || key == "message"
    }

    private static func text(
        level: Logger.Level,
        message: String,
        metadata: [(key: String, value: String)],
        time: String
    ) -> [UInt8] {
        let word = level.rawValue.uppercased()
        var line = "\(time) \(word)\(String(repeating: " ", count: max(0, 8 - word.count))) \(message)"
        for (key, value) in metadata {
            let value = Self.shown(value, of: key)
            line += " \(key)=\(value.contains(" ") || value.isEmpty ? "\"\(value)\"" : value)"
        }
        return Self.escaped(line) + [UInt8(ascii: "\n")]
    }

    /// Without control characters, so that no value can forge a line or drive a terminal.
    private static func escaped(_ line: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.utf8.count + 8)
        for scalar in line.unicodeScalars {
            switch scalar {
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case "\r": bytes.append(contentsOf: "\\r".utf8)
            case "\t": bytes.append(contentsOf: "\\t".utf8)
            case _ where scalar.properties.generalCategory == .control:
                bytes.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".utf8)
            default: bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
        return bytes
    }
}
