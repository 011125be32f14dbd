/// On which line of a TOML file each key stands, for messages.
///
/// The TOML library reports positions of syntax errors only. This knows headers and `key = value` lines, which is how
/// settings files are written; a key it does not find is reported without a line.
struct TOMLLines: Sendable {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var section = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0 == " " || $0 == "\t" }
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                section = Self.path(content[content.index(after: content.startIndex)..<end])
                self.lines[section] = index + 1
            } else if let equals = content.firstIndex(of: "="), !content.hasPrefix("#") {
                let key = Self.path(content[..<equals])
                self.lines[section.isEmpty ? key : "\(section).\(key)"] = index + 1
            }
        }
    }

    /// Nil for a key written in a form this does not know.
    subscript(path: String) -> Int? { self.lines[path] }

    private static func path(_ text: Substring) -> String {
        String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "\r" })
    }
}
