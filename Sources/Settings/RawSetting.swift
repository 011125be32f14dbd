/// A value as it was found, before the schema gave it a type.
enum RawSetting: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case bool(Bool)
    case list([RawSetting])
    case table([String: RawSetting])
    /// A TOML type no setting has, such as a date.
    case unsupported(String)
    /// Text from the environment, whose type is decided by the key.
    case variable(String)

    /// The text of a string of a file or of a variable.
    var text: String? {
        switch self {
        case .string(let text), .variable(let text): text
        default: nil
        }
    }

    /// The value as TOML, for messages.
    var description: String {
        switch self {
        case .string(let text), .variable(let text): tomlQuoted(text)
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .bool(let bool): String(bool)
        case .list(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .table: "a table"
        case .unsupported(let kind): "a \(kind)"
        }
    }
}

/// A TOML basic string.
func tomlQuoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\t": quoted += "\\t"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f:
            let hexadecimal = String(scalar.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
