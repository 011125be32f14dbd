import FoundationEssentials

/// The address of a backend, which may carry a password; its description does not.
///
/// Kept as text, because lists of hosts (`redis+sentinel://a:1,b:2/name`) are not URLs to Foundation.
package struct EndpointURL: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// In lower case.
    package let scheme: String
    private let text: String

    /// Refuses what has no scheme of `schemes`, nothing behind it, or control characters.
    package init?(_ text: String, schemes: [String]) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon].lowercased()
        guard schemes.contains(scheme), text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f }) else {
            return nil
        }
        let rest = text[text.index(after: colon)...]
        let location = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
        // Only a file may do without an authority: `sqlite:relative/path`, `sqlite:///absolute/path`.
        guard !location.isEmpty, scheme == "sqlite" || (rest.hasPrefix("//") && !location.hasPrefix("/")) else {
            return nil
        }
        self.scheme = scheme
        self.text = text
    }

    /// Stands for an address whose absence has been recorded as a problem; no caller ever sees it.
    static let missing = Self()

    private init() {
        self.scheme = ""
        self.text = ""
    }

    /// The address with its password: for the driver that dials it.
    package var revealed: String { self.text }

    /// What follows `sqlite:` or `sqlite://`: a path, relative ones to the working directory.
    package var filePath: String? {
        guard self.scheme == "sqlite" else { return nil }
        let rest = self.text.dropFirst("sqlite:".count)
        return String(rest.hasPrefix("//") ? rest.dropFirst(2) : rest)
    }

    package var hasCredentials: Bool { self.userInformation != nil }

    package var description: String {
        guard let range = self.userInformation, let colon = self.text[range].firstIndex(of: ":") else {
            return self.text
        }
        return self.text[...colon] + "***" + self.text[range.upperBound...]
    }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: []) }

    /// User and password, without the `@`.
    ///
    /// The last `@` before the path counts, so that a password with an unencoded one is hidden as a whole.
    private var userInformation: Range<String.Index>? {
        guard self.scheme != "sqlite", let slashes = self.text.range(of: "://") else { return nil }
        let authority = self.text[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return authority.lastIndex(of: "@").map { authority.startIndex..<$0 }
    }
}
