/// Keeps secrets out of log lines: the last line of defence behind not logging them.
enum LogRedaction {
    static let mask = "***"

    /// Whether the whole value is hidden because of its key, such as `auth.password` or `request.authorization`.
    static func hides(key: String) -> Bool {
        // Asked for every pair of every line: the hash is taken from the bytes as they lie.
        var hash = Self.hashSeed
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "."): hash = Self.hashSeed
            case UInt8(ascii: "_"), UInt8(ascii: "-"): break
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): hash = Self.hash(hash, byte | 0x20)
            default: hash = Self.hash(hash, byte)
            }
        }
        return self.secretKeys.contains(hash)
    }

    /// The text without passwords in URLs, bearer and basic credentials, tokens of the `eyJ…` kind and tickets in queries.
    static func redacted(_ text: String) -> String {
        // Nearly every text holds none of the marks, and most none of the bytes that every mark has one of.
        guard self.hasByteOfMarks(text), self.hasPairOfMarks(text),
            self.marks.contains(where: { text.utf8.firstOccurrence(of: $0.utf8, from: text.utf8.startIndex) != nil })
        else { return text }
        var bytes = Array(text.utf8)
        for mark in self.valueMarks {
            Self.hide(in: &bytes, after: mark, until: Self.endsValue)
        }
        Self.hide(in: &bytes, after: "eyJ", until: Self.endsValue)
        Self.hidePasswords(in: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// 64 bits of FNV-1a: another key with the same hash would be hidden too, which does no harm.
    private static let secretKeys: [UInt64] = [
        "password", "passwd", "secret", "token", "accesstoken", "refreshtoken", "metricstoken", "authorization",
        "cookie", "setcookie", "apikey", "signingkey", "privatekey", "socketticket",
    ].map { name in name.utf8.reduce(Self.hashSeed, Self.hash) }

    private static let hashSeed: UInt64 = 0xCBF2_9CE4_8422_2325

    private static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    private static let valueMarks = ["Bearer ", "Basic ", "ticket=", "access_token=", "password=", "token="]
    private static let marks = Self.valueMarks + ["eyJ", "://"]

    /// Looks at eight bytes at a time: one equal to c makes a zero byte of `word ^ c…c`
    /// (https://graphics.stanford.edu/~seander/bithacks.html).
    private static func hasByteOfMarks(_ text: String) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var text = text
        return text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                var found: UInt64 = 0
                func look(for mark: UInt8) {
                    let difference = word ^ (ones &* UInt64(mark))
                    found |= (difference &- ones) & ~difference
                }
                look(for: UInt8(ascii: " "))
                look(for: UInt8(ascii: "="))
                look(for: UInt8(ascii: ":"))
                look(for: UInt8(ascii: "J"))
                if found & (ones &* 0x80) != 0 { return true }
                index += 8
            }
            return bytes[index...].contains { byte in
                byte == UInt8(ascii: " ") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":")
                    || byte == UInt8(ascii: "J")
            }
        }
    }

    /// The same for two bytes of each mark: a colon or a space alone is nothing unusual.
    private static func hasPairOfMarks(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        var before: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            switch (before, byte) {
            case (UInt8(ascii: "t"), UInt8(ascii: "=")), (UInt8(ascii: "n"), UInt8(ascii: "=")),
                (UInt8(ascii: "d"), UInt8(ascii: "=")), (UInt8(ascii: "r"), UInt8(ascii: " ")),
                (UInt8(ascii: "c"), UInt8(ascii: " ")), (UInt8(ascii: ":"), UInt8(ascii: "/")),
                (UInt8(ascii: "y"), UInt8(ascii: "J")):
                return true
            default: before = byte
            }
        }
        return false
    }

    /// What ends a credential in running text, a header or a query.
    private static func endsValue(_ byte: UInt8) -> Bool {
        byte <= 0x20
            || [UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ","), UInt8(ascii: ";")]
                .contains(byte)
    }

    private static func hide(in bytes: inout [UInt8], after mark: String, until isEnd: (UInt8) -> Bool) {
        var position = bytes.startIndex
        while let found = bytes.firstOccurrence(of: mark.utf8, from: position) {
            let begin = found + mark.utf8.count
            let end = bytes[begin...].firstIndex(where: isEnd) ?? bytes.endIndex
            bytes.replaceSubrange(begin..<end, with: Self.mask.utf8)
            position = begin + Self.mask.utf8.count
        }
    }

    /// `scheme://user:password@host` keeps everything but the password.
    private static func hidePasswords(in bytes: inout [UInt8]) {
        var position = bytes.startIndex
        while let found = bytes.firstOccurrence(of: "://".utf8, from: position) {
            let begin = found + 3
            position = begin
            let end = bytes[begin...].firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\"") }
            let authority = bytes[begin..<(end ?? bytes.endIndex)]
            guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
                let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            bytes.replaceSubrange((colon + 1)..<at, with: Self.mask.utf8)
        }
    }
}

extension Collection<UInt8> where Index: Comparable {
    /// Where `pattern` begins at or after `start`.
    fileprivate func firstOccurrence(of pattern: some Collection<UInt8>, from start: Index) -> Index? {
        guard let first = pattern.first else { return nil }
        var position = start
        while let candidate = self[position...].firstIndex(of: first) {
            if self[candidate...].starts(with: pattern) { return candidate }
            position = self.index(after: candidate)
        }
        return nil
    }
}
