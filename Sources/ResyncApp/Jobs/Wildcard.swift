/// A name pattern as the scheduler's people write it: `@` is any run of characters, `?` one character.
struct Wildcard: Sendable, Hashable {
    private let pattern: [UInt8]
    private let isLiteral: Bool

    init(_ pattern: String) {
        self.pattern = Array(pattern.utf8)
        self.isLiteral = !self.pattern.contains { $0 == Self.run || $0 == Self.one }
    }

    private static let run = UInt8(ascii: "@")
    private static let one = UInt8(ascii: "?")

    /// Linear in the text for patterns with one `@`, and never worse than the product of the lengths.
    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            if self.isLiteral { return bytes.elementsEqual(self.pattern) }
            return self.matches(bytes)
        }
    }

    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var textIndex = 0
        var patternIndex = 0
        var runIndex = -1
        var runStart = 0
        while textIndex < text.count {
            if patternIndex < self.pattern.count, self.pattern[patternIndex] == Self.run {
                runIndex = patternIndex
                runStart = textIndex
                patternIndex += 1
            } else if patternIndex < self.pattern.count,
                self.pattern[patternIndex] == Self.one || self.pattern[patternIndex] == text[textIndex]
            {
                patternIndex += 1
                textIndex += 1
            } else if runIndex >= 0 {
                runStart += 1
                textIndex = runStart
                patternIndex = runIndex + 1
            } else {
                return false
            }
        }
        return self.pattern[patternIndex...].allSatisfy { $0 == Self.run }
    }
}
