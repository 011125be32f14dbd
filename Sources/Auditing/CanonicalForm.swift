/// The bytes of an event that are hashed, and the same without its place as they lie in the spool.
///
/// Every fact in the order of `AuditField`: one byte 0 for an absent one; 1 and eight bytes for an integer; 2, four
/// bytes of length and UTF-8 for a text. All numbers are big-endian. Before the facts of a hashed event stand the version,
/// one byte 1, and the sequence, eight bytes. The encoding is unambiguous, so two events have the same bytes only when
/// they are the same.
enum CanonicalForm {
    private static let version: UInt8 = 1

    static func hashed(_ sequence: Int64, _ value: (AuditField) -> AuditFieldValue) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append(Self.version)
        bytes.appendBigEndian(sequence)
        for field in AuditField.allCases { Self.append(value(field), to: &bytes) }
        return bytes
    }

    static func spooled(_ event: AuditEvent) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        for field in AuditField.allCases { Self.append(event.value(of: field), to: &bytes) }
        return bytes
    }

    static func event(spooled bytes: ArraySlice<UInt8>) throws(AuditError) -> AuditEvent {
        var rest = bytes
        var values: [AuditField: AuditFieldValue] = [:]
        for field in AuditField.allCases { values[field] = try Self.takeValue(from: &rest, field: field) }
        guard rest.isEmpty else { throw AuditError(.corrupt, "a spooled event has \(rest.count) bytes too many") }
        return try AuditEvent { field throws(AuditError) in values[field] ?? .absent }
    }

    static func append(_ value: AuditFieldValue, to bytes: inout [UInt8]) {
        switch value {
        case .absent:
            bytes.append(0)
        case .integer(let integer):
            bytes.append(1)
            bytes.appendBigEndian(integer)
        case .text(let text):
            bytes.append(2)
            bytes.appendBigEndian(UInt32(clamping: text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
    }

    private static func takeValue(
        from rest: inout ArraySlice<UInt8>,
        field: AuditField
    ) throws(AuditError) -> AuditFieldValue {
        switch rest.popFirst() {
        case 0:
            return .absent
        case 1:
            guard let integer = rest.takeBigEndian(Int64.self) else { break }
            return .integer(integer)
        case 2:
            guard let count = rest.takeBigEndian(UInt32.self), count <= rest.count else { break }
            let text = String(decoding: rest.prefix(Int(count)), as: UTF8.self)
            rest = rest.dropFirst(Int(count))
            return .text(text)
        default:
            break
        }
        throw AuditError(.corrupt, "\(field.rawValue) of a spooled event is cut off or of an unknown kind")
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            self.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

extension ArraySlice<UInt8> {
    /// Removes an integer from the front; nil, removing nothing, when there are too few bytes.
    mutating func takeBigEndian<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        let count = Integer.bitWidth / 8
        guard self.count >= count else { return nil }
        let value = self.prefix(count).reduce(Integer(0)) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
        self = self.dropFirst(count)
        return value
    }
}
