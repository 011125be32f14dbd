import Foundation
import JSON
import TestSupport
import Testing

@Suite struct `JSON round trips` {
    @Test(arguments: 0..<300)
    func `what is written reads back equal`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = JSONValue.random(depth: 5, using: &generator)
        #expect(try JSONValue(parsing: value.bytes) == value)
    }

    @Test(arguments: 0..<100)
    func `what is written is what Foundation understands too`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = JSONValue.object([.init("value", .random(depth: 4, using: &generator))])
        _ = try JSONSerialization.jsonObject(with: Data(value.bytes))
    }

    @Test(arguments: 0..<400)
    func `a damaged text is refused or reads as some value and never traps`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = JSONValue.random(depth: 5, using: &generator).bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(Array("{}[],:\"\\eE.-0".utf8).randomElement(using: &generator) ?? 0, at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        guard let value = try? JSONValue(parsing: bytes) else { return }  // refused: as good as read
        #expect(try JSONValue(parsing: value.bytes) == value)
    }

    @Test func `fields that are absent write nothing and commas stay right`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("a", nil as String?)
        writer.field("b", 1)
        writer.field("c", nil as Int?)
        writer.field("d", ["x", "y"])
        writer.key("e")
        writer.beginArray()
        writer.beginObject()
        writer.endObject()
        writer.raw(Array("{\"r\":1}".utf8))
        writer.null()
        writer.endArray()
        writer.field("t", epochMilliseconds: 1_768_456_320_000)
        writer.field("f", Double.infinity)
        writer.endObject()
        let expected = #"{"b":1,"d":["x","y"],"e":[{},{"r":1},null],"t":"2026-01-15T05:52:00Z","f":null}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        ("a\"b\\c/", #""a\"b\\c/""#), ("\u{8}\u{9}\u{A}\u{C}\u{D}", #""\b\t\n\f\r""#),
        ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""), ("é€😀", "\"é€😀\""), ("", "\"\""),
    ])
    func `strings are escaped as RFC 8259 demands and no further`(text: String, expected: String) {
        var writer = JSONWriter()
        writer.value(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        (Int.min, "-9223372036854775808"), (.max, "9223372036854775807"), (0, "0"), (-1, "-1"), (10, "10"),
    ])
    func `integers are written in full`(value: Int, expected: String) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }
}
