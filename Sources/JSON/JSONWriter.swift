/// Writes compact JSON into a byte array: no reflection, no intermediate values, commas placed by the writer.
///
/// The caller keeps begins and ends balanced; nothing is checked. A double that JSON cannot express (infinite, not a
/// number) is written as null.
package struct JSONWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    package init(capacity: Int = 512) {
        self.bytes = []
        self.bytes.reserveCapacity(capacity)
    }

    package mutating func beginObject() { self.begin(UInt8(ascii: "{")) }

    package mutating func endObject() { self.end(UInt8(ascii: "}")) }

    package mutating func beginArray() { self.begin(UInt8(ascii: "[")) }

    package mutating func endArray() { self.end(UInt8(ascii: "]")) }

    /// A name that is known to need no escaping: it is copied as it stands.
    package mutating func key(_ name: StaticString) {
        self.separate()
        self.bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { unsafe self.bytes.append(contentsOf: $0) }
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(UInt8(ascii: ":"))
    }

    package mutating func key(string name: String) {
        self.separate()
        self.bytes.append(quotedJSON: name)
        self.bytes.append(UInt8(ascii: ":"))
    }

    package mutating func value(_ value: String) {
        self.separate()
        self.bytes.append(quotedJSON: value)
        self.needsComma = true
    }

    package mutating func value(_ value: Int) {
        self.separate()
        self.bytes.append(decimal: value)
        self.needsComma = true
    }

    package mutating func value(_ value: UInt64) {
        self.separate()
        self.bytes.append(decimal: value)
        self.needsComma = true
    }

    package mutating func value(_ value: Bool) {
        self.separate()
        self.bytes.append(contentsOf: value ? Literal.true : Literal.false)
        self.needsComma = true
    }

    /// The shortest text that reads back as the same double.
    package mutating func value(_ value: Double) {
        self.separate()
        self.bytes.append(json: value)
        self.needsComma = true
    }

    package mutating func null() {
        self.separate()
        self.bytes.append(contentsOf: Literal.null)
        self.needsComma = true
    }

    /// The instant as text of RFC 3339.
    package mutating func value(epochMilliseconds: Int64) {
        self.separate()
        self.bytes.append(UInt8(ascii: "\""))
        RFC3339.append(epochMilliseconds: epochMilliseconds, to: &self.bytes)
        self.bytes.append(UInt8(ascii: "\""))
        self.needsComma = true
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: [UInt8]) {
        self.separate()
        self.bytes.append(contentsOf: json)
        self.needsComma = true
    }

    /// A value, or several fields, that `append` adds as JSON.
    package mutating func raw(_ append: (inout [UInt8]) -> Void) {
        self.separate()
        append(&self.bytes)
        self.needsComma = true
    }

    private mutating func separate() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = false
    }

    private mutating func begin(_ bracket: UInt8) {
        self.separate()
        self.bytes.append(bracket)
    }

    private mutating func end(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
    }

}

private enum Literal {
    static let `true` = Array("true".utf8)
    static let `false` = Array("false".utf8)
    static let null = Array("null".utf8)
}
