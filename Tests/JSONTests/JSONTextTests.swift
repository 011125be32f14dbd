import JSON
import Testing

@Suite("JSON text")
struct JSONTextTests {
    @Test(arguments: 0...17)
    func `a character is escaped wherever it stands in the text`(_ offset: Int) throws {
        for scalar in (0..<0x20).map({ Unicode.Scalar(UInt8($0)) }) + [
            "\"", "\\", " ", "!", "\u{7F}", "é", "\u{1F680}",
        ] {
            let text = String(repeating: "x", count: offset) + String(Character(scalar)) + "yyyyyyyyy"
            var json = JSONWriter()
            json.value(text)
            #expect(try JSONValue(parsing: json.bytes).string == text)
            let isEscaped = json.bytes.contains(UInt8(ascii: "\\"))
            #expect(isEscaped == (scalar.value < 0x20 || scalar == "\"" || scalar == "\\"))
        }
    }

    @Test(arguments: [0, 9, 10, 99, 100, -1, -10, Int.max, Int.min])
    func `numbers are written in decimal digits`(_ number: Int) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == String(number))
    }
}
