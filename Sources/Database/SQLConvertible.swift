import FoundationEssentials

/// A type whose values can be bound to a statement and decoded from a row.
///
/// Both directions are the same on every engine. An enumeration with a raw value that is convertible needs no more
/// than naming the conformance.
package protocol SQLConvertible: Sendable {
    var sqlValue: SQLValue { get }

    /// Nil when `sqlValue` is not one this type is written as; the row turns that into an error with the column's name.
    init?(sqlValue: SQLValue)
}

extension Int64: SQLConvertible {
    package var sqlValue: SQLValue { .integer(self) }

    package init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self = value
    }
}

extension Int: SQLConvertible {
    package var sqlValue: SQLValue { .integer(Int64(self)) }

    package init?(sqlValue: SQLValue) {
        guard case .integer(let value) = sqlValue else { return nil }
        self.init(exactly: value)
    }
}

/// Written as 0 and 1, the only integers read back.
extension Bool: SQLConvertible {
    package var sqlValue: SQLValue { .integer(self ? 1 : 0) }

    package init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .integer(0): self = false
        case .integer(1): self = true
        default: return nil
        }
    }
}

/// Reads integers that a double holds exactly as well, because sums and averages may be either.
extension Double: SQLConvertible {
    package var sqlValue: SQLValue { .real(self) }

    package init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .real(let value): self = value
        case .integer(let value): self.init(exactly: value)
        default: return nil
        }
    }
}

extension String: SQLConvertible {
    package var sqlValue: SQLValue { .text(self) }

    package init?(sqlValue: SQLValue) {
        guard case .text(let value) = sqlValue else { return nil }
        self = value
    }
}

extension [UInt8]: SQLConvertible {
    package var sqlValue: SQLValue { .blob(self) }

    package init?(sqlValue: SQLValue) {
        guard case .blob(let value) = sqlValue else { return nil }
        self = value
    }
}

/// Written as whole microseconds since 1970 in an integer column: sortable, indexable and the same on every engine.
///
/// Fractions of a microsecond are rounded; an instant beyond the range of 64 bits (year 294247) becomes its end.
extension Date: SQLConvertible {
    package var sqlValue: SQLValue {
        let microseconds = (self.timeIntervalSince1970 * 1_000_000).rounded()
        if let exact = Int64(exactly: microseconds) { return .integer(exact) }
        return .integer(microseconds < 0 ? .min : .max)
    }

    package init?(sqlValue: SQLValue) {
        guard case .integer(let microseconds) = sqlValue else { return nil }
        self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    }
}

/// Nil is NULL.
extension Optional: SQLConvertible where Wrapped: SQLConvertible {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }

    package init?(sqlValue: SQLValue) {
        if sqlValue == .null {
            self = .none
        } else if let wrapped = Wrapped(sqlValue: sqlValue) {
            self = .some(wrapped)
        } else {
            return nil
        }
    }
}

extension RawRepresentable where Self: SQLConvertible, RawValue: SQLConvertible {
    package var sqlValue: SQLValue { self.rawValue.sqlValue }

    package init?(sqlValue: SQLValue) {
        guard let rawValue = RawValue(sqlValue: sqlValue) else { return nil }
        self.init(rawValue: rawValue)
    }
}
