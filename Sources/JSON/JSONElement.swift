/// One value of a ``JSONDocument``: a reference to the document and a place on its tape.
///
/// Accessors of the wrong kind answer nil. Of duplicate names in an object the last wins,
/// as in JavaScript and in the parsers of Java that the scheduler is written with.
package struct JSONElement: Sendable {
    package enum Kind: Sendable, Hashable {
        case null
        case bool
        case number
        case string
        case array
        case object
    }

    let document: JSONDocument
    let index: Int

    package var kind: Kind {
        switch self.tag {
        case Tag.true, Tag.false: .bool
        case Tag.integer, Tag.unsigned, Tag.double: .number
        case Tag.string: .string
        case Tag.array: .array
        case Tag.object: .object
        default: .null
        }
    }

    package var isNull: Bool { self.tag == Tag.null }

    package var bool: Bool? {
        switch self.tag {
        case Tag.true: true
        case Tag.false: false
        default: nil
        }
    }

    /// A number without a fraction that fits; `1e2` and `4.0` count.
    package var int: Int? {
        switch self.tag {
        case Tag.integer: Int(bitPattern: UInt(self.word(1)))
        case Tag.double: Int(exactly: Double(bitPattern: self.word(1)))
        default: nil
        }
    }

    /// Whether the text wrote the number without fraction and exponent and it fits in `Int64`.
    var isInteger: Bool { self.tag == Tag.integer }

    package var unsigned: UInt64? {
        switch self.tag {
        case Tag.unsigned: self.word(1)
        default: self.int.flatMap(UInt64.init(exactly:))
        }
    }

    package var double: Double? {
        switch self.tag {
        case Tag.double: Double(bitPattern: self.word(1))
        case Tag.integer: Double(Int64(bitPattern: self.word(1)))
        case Tag.unsigned: Double(self.word(1))
        default: nil
        }
    }

    package var string: String? {
        guard self.tag == Tag.string else { return nil }
        // simdjson has validated the text and its escapes, so nothing is repaired here.
        return unsafe String(decoding: self.utf8, as: UTF8.self)
    }

    /// Lends the text's bytes to `body`, which must not keep them; nil when this is not a string.
    package func withUTF8<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result? {
        guard self.tag == Tag.string else { return nil }
        return try withExtendedLifetime(self.document) { try unsafe body(self.utf8) }
    }

    package subscript(name: StaticString) -> Self? {
        name.withUTF8Buffer { unsafe self.field($0) }
    }

    package subscript(name: String) -> Self? {
        var name = name
        return name.withUTF8 { unsafe self.field($0) }
    }

    /// Elements of an array, nil when this is none.
    package var elements: Elements? {
        self.tag == Tag.array ? Elements(document: self.document, index: self.index + 1, end: self.end - 1) : nil
    }

    /// Names and values of an object in the order of the text, duplicates included; nil when this is none.
    package var fields: Fields? {
        self.tag == Tag.object ? Fields(document: self.document, index: self.index + 1, end: self.end - 1) : nil
    }

    package struct Elements: Sequence, IteratorProtocol, Sendable {
        let document: JSONDocument
        var index: Int
        let end: Int

        package mutating func next() -> JSONElement? {
            guard self.index < self.end else { return nil }
            let element = JSONElement(document: self.document, index: self.index)
            self.index = element.end
            return element
        }
    }

    package struct Fields: Sequence, IteratorProtocol, Sendable {
        let document: JSONDocument
        var index: Int
        let end: Int

        package mutating func next() -> (name: String, value: JSONElement)? {
            guard self.index < self.end else { return nil }
            let name = JSONElement(document: self.document, index: self.index)
            let value = JSONElement(document: self.document, index: self.index + 1)
            self.index = value.end
            return (name.string ?? "", value)
        }
    }
}

private enum Tag {
    static let object = UInt8(ascii: "{")
    static let array = UInt8(ascii: "[")
    static let string = UInt8(ascii: "\"")
    static let integer = UInt8(ascii: "l")
    static let unsigned = UInt8(ascii: "u")
    static let double = UInt8(ascii: "d")
    static let `true` = UInt8(ascii: "t")
    static let `false` = UInt8(ascii: "f")
    static let null = UInt8(ascii: "n")
}

extension JSONElement {
    private var tag: UInt8 { UInt8(truncatingIfNeeded: self.word(0) >> 56) }

    private func word(_ offset: Int) -> UInt64 { unsafe self.document.tape[self.index + offset] }

    /// Where on the tape the next sibling lies: containers carry it in the low half of their word, numbers take two words.
    private var end: Int {
        switch self.tag {
        case Tag.object, Tag.array: Int(self.word(0) & 0xFFFF_FFFF)
        case Tag.integer, Tag.unsigned, Tag.double: self.index + 2
        default: self.index + 1
        }
    }

    /// A string's word holds the offset of its length (32 bits, native order), which its bytes follow.
    private var utf8: UnsafeBufferPointer<UInt8> {
        let offset = Int(self.word(0) & 0x00FF_FFFF_FFFF_FFFF)
        let start = unsafe UnsafeRawPointer(self.document.strings + offset)
        let count = unsafe Int(start.loadUnaligned(as: UInt32.self))
        return unsafe UnsafeBufferPointer(start: (start + 4).assumingMemoryBound(to: UInt8.self), count: count)
    }

    private func field(_ name: UnsafeBufferPointer<UInt8>) -> Self? {
        guard self.tag == Tag.object else { return nil }
        let last = self.end - 1
        var next = self.index + 1
        var found: Self?
        while next < last {
            let key = unsafe Self(document: self.document, index: next).utf8
            let value = Self(document: self.document, index: next + 1)
            if key.count == name.count, unsafe key.elementsEqual(name) { found = value }
            next = value.end
        }
        return found
    }
}
