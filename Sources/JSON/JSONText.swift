extension [UInt8] {
    /// Adds the text as a JSON string, in quotation marks and escaped.
    package mutating func append(quotedJSON text: String) {
        self.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // Most texts are copied as they stand.
            guard unsafe !JSONText.needsEscape(UnsafeRawBufferPointer(utf8)) else {
                return unsafe self.append(escapedJSON: utf8)
            }
            unsafe self.append(contentsOf: utf8)
        }
        self.append(UInt8(ascii: "\""))
    }

    /// Adds the number in decimal digits.
    package mutating func append(decimal value: Int) {
        if value < 0 { self.append(UInt8(ascii: "-")) }
        self.append(decimal: UInt64(value.magnitude))
    }

    package mutating func append(decimal value: UInt64) {
        if value >= 10 { self.append(decimal: value / 10) }
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }

    /// Adds the shortest text that reads back as the same double; null for what JSON cannot express.
    package mutating func append(json value: Double) {
        self.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
    }

    private mutating func append(escapedJSON utf8: UnsafeBufferPointer<UInt8>) {
        for index in 0..<utf8.count {
            let byte = unsafe utf8[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                self.append(byte)
                continue
            }
            self.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.append(byte)
            case 0x08: self.append(UInt8(ascii: "b"))
            case 0x09: self.append(UInt8(ascii: "t"))
            case 0x0A: self.append(UInt8(ascii: "n"))
            case 0x0C: self.append(UInt8(ascii: "f"))
            case 0x0D: self.append(UInt8(ascii: "r"))
            default:
                self.append(contentsOf: JSONText.unicodePrefix)
                self.append(JSONText.hexadecimal[Int(byte >> 4)])
                self.append(JSONText.hexadecimal[Int(byte & 0xF)])
            }
        }
    }
}

private enum JSONText {
    static let unicodePrefix = Array("u00".utf8)
    static let hexadecimal = Array("0123456789abcdef".utf8)

    /// Whether a quotation mark, a backslash or a control character is in it; eight bytes at a time.
    static func needsEscape(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if Self.needsEscape(word) { return true }
            index += 8
        }
        while index < bytes.count {
            let byte = unsafe bytes[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
            index += 1
        }
        return false
    }

    /// A byte less than n (n up to 128) leaves its high bit set in `word - n…n & ~word`; one equal to c is a zero byte of
    /// `word ^ c…c` (https://graphics.stanford.edu/~seander/bithacks.html).
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let controls = (word &- ones &* 0x20) & ~word
        let found = controls | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
        return found & (ones &* 0x80) != 0
    }
}
