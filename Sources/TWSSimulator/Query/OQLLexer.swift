/// A piece of an OQL text.
enum OQLToken: Equatable, Sendable {
    case word(String)
    case number(Int)
    case text(String)
    case symbol(String)
}

/// Why a query or a filter is not accepted; always the caller's fault.
struct QueryError: Error, Equatable {
    let message: String

    static func syntax(_ detail: String) -> QueryError {
        QueryError(message: "OQL_FILTER_SYNTAX_ERROR \(detail)")
    }
}

/// Splits an OQL text into tokens.
///
/// A quote within a quoted text is not expressible: the language's documentation does not say how.
struct OQLLexer {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    static func tokens(of text: String) throws(QueryError) -> [OQLToken] {
        var lexer = OQLLexer(text)
        var result: [OQLToken] = []
        while let token = try lexer.next() { result.append(token) }
        return result
    }

    private mutating func next() throws(QueryError) -> OQLToken? {
        while self.position < self.bytes.count, self.bytes[self.position] <= UInt8(ascii: " ") { self.position += 1 }
        guard self.position < self.bytes.count else { return nil }
        let byte = self.bytes[self.position]
        switch byte {
        case UInt8(ascii: "'"): return try self.quotedText()
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try self.number()
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
            UInt8(ascii: "="):
            self.position += 1
            return .symbol(String(UnicodeScalar(byte)))
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"): return try self.comparison(byte)
        default:
            guard Self.isLetter(byte) else {
                throw .syntax("unexpected character at position \(self.position)")
            }
            let start = self.position
            while self.position < self.bytes.count, Self.isFieldCharacter(self.bytes[self.position]) {
                self.position += 1
            }
            return .word(String(decoding: self.bytes[start..<self.position], as: UTF8.self))
        }
    }

    private mutating func comparison(_ byte: UInt8) throws(QueryError) -> OQLToken {
        self.position += 1
        let sign = String(UnicodeScalar(byte))
        if self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: "=") {
            self.position += 1
            return .symbol(sign + "=")
        }
        guard byte != UInt8(ascii: "!") else { throw .syntax("'=' expected at position \(self.position)") }
        return .symbol(sign)
    }

    private mutating func quotedText() throws(QueryError) -> OQLToken {
        let start = self.position + 1
        guard let end = self.bytes[start...].firstIndex(of: UInt8(ascii: "'")) else {
            throw .syntax("the text beginning at position \(self.position) does not end")
        }
        self.position = end + 1
        return .text(String(decoding: self.bytes[start..<end], as: UTF8.self))
    }

    private mutating func number() throws(QueryError) -> OQLToken {
        let start = self.position
        self.position += 1
        while self.position < self.bytes.count, self.bytes[self.position] >= UInt8(ascii: "0"),
            self.bytes[self.position] <= UInt8(ascii: "9")
        {
            self.position += 1
        }
        guard let value = Int(String(decoding: self.bytes[start..<self.position], as: UTF8.self)) else {
            throw .syntax("an integer was expected at position \(start)")
        }
        return .number(value)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isFieldCharacter(_ byte: UInt8) -> Bool {
        Self.isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
