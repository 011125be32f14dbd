/// A value as the database stores it: what a statement binds and a row holds.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    /// Text may contain U+0000; it is bound and read with its length.
    case text(String)
    case blob([UInt8])

    /// The kind of the value in words, for errors; never the value itself, which may be a secret.
    package var kind: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a real number"
        case .text: "text"
        case .blob: "a blob"
        }
    }
}
