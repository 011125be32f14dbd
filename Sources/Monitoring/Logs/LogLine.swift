import JSON
import Logging

/// One log line while it is written: secrets are masked, control characters escaped.
package struct LogLine {
    private let format: LogFormat
    /// Exchanged by `swap`: an array handed over as a parameter may be shared for a moment, and a shared one is copied with
    /// all its room when it is written to.
    private var bytes: [UInt8] = []

    private init(_ format: LogFormat) {
        self.format = format
    }

    /// Adds a line behind `bytes`, with what `values` adds to it and a line feed.
    static func append(
        to bytes: inout [UInt8],
        _ format: LogFormat,
        level: Logger.Level,
        logger: String,
        message: String,
        epochMilliseconds: Int64,
        _ values: (inout LogLine) -> Void
    ) {
        var line = Self(format)
        swap(&line.bytes, &bytes)
        line.begin(level: level, logger: logger, message: message, epochMilliseconds: epochMilliseconds)
        values(&line)
        line.append(format == .json ? "}\n" : "\n")
        swap(&line.bytes, &bytes)
    }

    private mutating func begin(level: Logger.Level, logger: String, message: String, epochMilliseconds: Int64) {
        let message = LogRedaction.redacted(message)
        switch self.format {
        case .json:
            self.append(#"{"time":""#)
            RFC3339.append(epochMilliseconds: epochMilliseconds, to: &self.bytes)
            self.append(#"","level":""#)
            self.append(text: level.rawValue)
            self.append(#"","logger":"#)
            self.bytes.append(quotedJSON: logger)
            self.append(#","message":"#)
            self.bytes.append(quotedJSON: message)
        case .text:
            RFC3339.append(epochMilliseconds: epochMilliseconds, to: &self.bytes)
            let word = level.rawValue.uppercased()
            self.append(text: " \(word)\(String(repeating: " ", count: max(0, 8 - word.count))) ")
            self.appendEscaped(message)
        }
    }

    /// Adds a value; the key is in dotted form, needs no escaping and does not name a secret.
    package mutating func field(_ key: StaticString, _ value: String) {
        switch self.format {
        case .json:
            self.appendJSON(key: key)
            self.bytes.append(quotedJSON: LogRedaction.redacted(value))
        case .text: self.appendText(key: key.description, LogRedaction.redacted(value))
        }
    }

    /// Adds a number, as text like all values.
    package mutating func field(_ key: StaticString, _ value: Int) {
        switch self.format {
        case .json:
            self.appendJSON(key: key)
            self.bytes.append(UInt8(ascii: "\""))
            self.bytes.append(decimal: value)
            self.bytes.append(UInt8(ascii: "\""))
        case .text: self.appendText(key: key.description, String(value))
        }
    }

    /// Adds a value under any key, as metadata has them; that of a key that names a secret is masked as a whole.
    mutating func field(key: String, _ value: String) {
        let shown = LogRedaction.hides(key: key) ? LogRedaction.mask : LogRedaction.redacted(value)
        switch self.format {
        case .json:
            self.append(",")
            // Metadata must not be able to replace what the line says about itself.
            self.bytes.append(quotedJSON: Self.isOwnKey(key) ? "metadata.\(key)" : key)
            self.append(":")
            self.bytes.append(quotedJSON: shown)
        case .text: self.appendText(key: key, shown)
        }
    }

    private static func isOwnKey(_ key: String) -> Bool {
        key == "time" || key == "level" || key == "logger" || key == "message"
    }

    private mutating func appendText(key: String, _ value: String) {
        self.appendEscaped(" \(key)=\(value.contains(" ") || value.isEmpty ? "\"\(value)\"" : value)")
    }

    private mutating func appendJSON(key: StaticString) {
        self.append(#",""#)
        self.append(key)
        self.append(#"":"#)
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func append(text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    /// Without control characters, so that no value can forge a line or drive a terminal.
    private mutating func appendEscaped(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": self.append("\\n")
            case "\r": self.append("\\r")
            case "\t": self.append("\\t")
            case _ where scalar.properties.generalCategory == .control:
                self.append(text: "\\u{\(String(scalar.value, radix: 16))}")
            default: self.bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
    }
}
