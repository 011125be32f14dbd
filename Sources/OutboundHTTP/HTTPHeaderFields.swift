/// The header fields of a message in the order they came; names are compared without regard to case.
package struct HTTPHeaderFields: Sendable, Hashable, ExpressibleByArrayLiteral {
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    package init(_ fields: [(String, String)]) {
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
    }

    package init(arrayLiteral elements: (String, String)...) {
        self.init(elements)
    }

    /// The first value of that name.
    package subscript(name: String) -> String? {
        self.fields.first { Self.isSame($0.name, name) }?.value
    }

    package func values(_ name: String) -> [String] {
        self.fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    package mutating func add(_ name: String, _ value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    package mutating func remove(_ name: String) {
        self.fields.removeAll { Self.isSame($0.name, name) }
    }

    /// Joins a continuation line, which RFC 9112 5.2 lets a receiver replace by a space, to the last field.
    mutating func continueLast(_ text: String) {
        guard let last = self.fields.popLast() else { return }
        self.fields.append(Field(name: last.name, value: last.value + " " + text))
    }

    /// Names are ASCII, so that folding its letters is enough.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && isLetter($0)) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
