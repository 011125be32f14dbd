/// The scheduler's patterns: `@` stands for any run of characters, `?` for one.
struct WildcardPattern: Sendable {
    private let pattern: [UInt8]

    init(_ text: some StringProtocol) {
        self.pattern = Array(text.utf8)
    }

    static let anything = WildcardPattern("@")

    func matches(_ text: String) -> Bool {
        let text = Array(text.utf8)
        var (position, at) = (0, 0)
        // Where to go on when the characters after the last `@` do not fit: one character further on.
        var retry: (pattern: Int, text: Int)?
        while at < text.count {
            if position < self.pattern.count, self.pattern[position] == UInt8(ascii: "@") {
                retry = (position, at)
                position += 1
            } else if position < self.pattern.count,
                self.pattern[position] == UInt8(ascii: "?") || self.pattern[position] == text[at]
            {
                position += 1
                at += 1
            } else if let last = retry {
                retry = (last.pattern, last.text + 1)
                position = last.pattern + 1
                at = last.text + 1
            } else {
                return false
            }
        }
        while position < self.pattern.count, self.pattern[position] == UInt8(ascii: "@") { position += 1 }
        return position == self.pattern.count
    }
}
