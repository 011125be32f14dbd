/// A JSON value in memory, for small bodies and for answers whose shape is not known.
///
/// Objects keep their order. An integer beyond `Int64` becomes a double.
package indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([Field])

    /// A name and its value in an object.
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package init(parsing bytes: [UInt8]) throws(JSONError) {
        self.init(try JSONDocument(parsing: bytes).root)
    }

    /// Recursion ends at ``JSONDocument/maximumDepth``.
    package init(_ element: JSONElement) {
        if let elements = element.elements {
            self = .array(elements.map(JSONValue.init))
        } else if let fields = element.fields {
            self = .object(fields.map { Field($0.name, JSONValue($0.value)) })
        } else if let string = element.string {
            self = .string(string)
        } else if let bool = element.bool {
            self = .bool(bool)
        } else if element.isInteger, let int = element.int {
            self = .integer(Int64(int))
        } else if let double = element.double {
            self = .double(double)
        } else {
            self = .null
        }
    }

    /// A field of an object, the last of that name.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields.last { $0.name == name }?.value
    }

    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var int: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var isNull: Bool { self == .null }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var fields: [Field]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The value as compact JSON.
    package var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Field($0.0, $0.1) })
    }
    package init(nilLiteral: ()) { self = .null }
}

extension JSONWriter {
    /// Recursion is bounded by the depth of the value, which the caller built or ``JSONDocument`` bounded.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: self.null()
        case .bool(let value): self.value(value)
        case .integer(let value): self.value(Int(value))
        case .double(let value): self.value(value)
        case .string(let value): self.value(value)
        case .array(let elements):
            self.beginArray()
            for element in elements { self.value(element) }
            self.endArray()
        case .object(let fields):
            self.beginObject()
            for field in fields {
                self.key(string: field.name)
                self.value(field.value)
            }
            self.endObject()
        }
    }
}
