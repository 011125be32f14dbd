import JSON
import Testing

@Suite struct `JSON documents` {
    private func root(_ text: String) throws -> JSONElement {
        try JSONDocument(parsing: Array(text.utf8)).root
    }

    @Test func `numbers keep their exact value and their kind`() throws {
        let root = try self.root(
            #"{"a":9223372036854775807,"b":9223372036854775808,"c":18446744073709551615,"d":-9223372036854775808,"e":1.5,"f":1e2,"g":-0.0,"h":4.0}"#
        )
        #expect(root["a"]?.int == .max)
        #expect(root["b"]?.int == nil)
        #expect(root["b"]?.unsigned == 1 << 63)
        #expect(root["c"]?.unsigned == .max)
        #expect(root["d"]?.int == .min)
        #expect(root["e"]?.int == nil)
        #expect(root["e"]?.double == 1.5)
        #expect(root["f"]?.int == 100)
        #expect(root["g"]?.double == 0)
        #expect(root["h"]?.int == 4)
        #expect(root["a"]?.double == 9_223_372_036_854_775_808)
        #expect(root["a"]?.unsigned == UInt64(Int64.max))
        #expect(root["d"]?.unsigned == nil)
    }

    @Test func `of duplicate names the last wins in every view`() throws {
        let text = #"{"a":1,"b":2,"a":3}"#
        #expect(try self.root(text)["a"]?.int == 3)
        #expect(try JSONValue(parsing: Array(text.utf8))["a"]?.int == 3)
        #expect(try self.root(text).fields?.map(\.name) == ["a", "b", "a"])
    }

    @Test func `an escaped name is found by what it means`() throws {
        #expect(try self.root("{\"\\u0061b\":7}")["ab"]?.int == 7)
    }

    @Test func `a value of another kind answers nil`() throws {
        let root = try self.root(#"{"s":"1","n":1,"z":null,"l":[],"o":{}}"#)
        #expect(root["s"]?.int == nil)
        #expect(root["s"]?.double == nil)
        #expect(root["n"]?.string == nil)
        #expect(root["n"]?.bool == nil)
        #expect(root["z"]?.isNull == true)
        #expect(root["z"]?.string == nil)
        #expect(root["l"]?["x"] == nil)
        #expect(root["o"]?.elements == nil)
        #expect(root["missing"] == nil)
        #expect(root["l"]?.elements.map(Array.init)?.isEmpty == true)
    }

    @Test func `iteration steps over nested values`() throws {
        let elements = try #require(
            try self.root(#"[[1,[2,3]],{"a":{"b":[4]}},5,6.5,"x",18446744073709551615,true,null]"#).elements
        )
        let kinds = elements.map(\.kind)
        #expect(kinds == [.array, .object, .number, .number, .string, .number, .bool, .null])
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":}", "{\"a\" 1}", "nul", "01", "1.", "+1", "[1 2]", "\"\\x\"", "\"a\nb\"", "1e999",
        "[1]x", "{a:1}", "'a'", "123456789012345678901234567890", "NaN", "\"\\ud800\"", "\"\\udc00\\ud800\"",
    ])
    func `a text that is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try self.root(text) }
    }

    @Test(
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]]
    )
    func `invalid UTF-8 is refused`(bytes: [UInt8]) {
        let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: text) }
        #expect(error?.message.contains("UTF-8") == true)
    }

    @Test func `nesting is bounded for arrays, objects and both`() throws {
        for (open, inner, close) in [("[", "1", "]"), ("{\"a\":", "1", "}")] {
            let deepest = String(repeating: open, count: 255) + inner + String(repeating: close, count: 255)
            _ = try JSONValue(parsing: Array(deepest.utf8))
            let tooDeep = String(repeating: open, count: 257) + inner + String(repeating: close, count: 257)
            let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(tooDeep.utf8)) }
            #expect(error?.code == .tooDeep)
            let bomb = String(repeating: open, count: 100_000)
            #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(bomb.utf8)) }
        }
    }

    @Test func `an element keeps its document alive`() throws {
        func element() throws -> JSONElement? {
            try JSONDocument(parsing: Array(#"{"a":["first","second"]}"#.utf8)).root["a"]
        }
        #expect(try element()?.elements?.map(\.string) == ["first", "second"])
    }

    @Test func `text is lent without becoming a String`() throws {
        #expect(try self.root("\"héllo\"").withUTF8 { Array($0) } == Array("héllo".utf8))
        #expect(try self.root("1").withUTF8 { $0.count } == nil)
    }
}
