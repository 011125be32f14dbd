/// Scheme, host and port: what a connection can be used for.
package struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    package enum Scheme: String, Sendable, Hashable {
        case http
        case https

        var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// In lower case, an IPv6 address without brackets.
    package let host: String
    package let port: UInt16

    /// `host:port`, with brackets around an IPv6 address.
    package var authority: String {
        self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    package var description: String { "\(self.scheme.rawValue)://\(self.authority)" }

    /// The origin of an absolute URL.
    package init(url: String) throws(HTTPClientError) {
        self = try HTTPURL(url).origin
    }

    init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }
}

/// An absolute http or https URL, taken apart strictly: what a receiver might read in another way is refused.
struct HTTPURL: Sendable, Hashable {
    let origin: HTTPOrigin
    /// Path and query as they go into the request line; begins with a slash.
    let target: String

    init(_ url: String) throws(HTTPClientError) {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw Self.refusal("has characters that must be percent-encoded", url)
        }
        guard let separator = url.firstRange(of: "://") else { throw Self.refusal("is not absolute", url) }
        guard let scheme = HTTPOrigin.Scheme(rawValue: url[..<separator.lowerBound].lowercased()) else {
            throw Self.refusal("is neither http nor https", url)
        }
        let rest = url[separator.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end], url)
        self.origin = HTTPOrigin(scheme: scheme, host: host, port: port ?? scheme.defaultPort)

        let target = rest[end...]
        guard !target.contains("#") else { throw Self.refusal("has a fragment", url) }
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    var text: String { self.origin.description + self.target }

    private static func authority(
        _ authority: Substring,
        _ url: String
    ) throws(HTTPClientError) -> (host: String, port: UInt16?) {
        guard !authority.contains("@") else { throw HTTPClientError(.invalidRequest, "the URL carries credentials") }
        let host: Substring
        let suffix: Substring
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw self.refusal("has no valid host", url) }
            host = authority[authority.index(after: authority.startIndex)..<close]
            suffix = authority[authority.index(after: close)...]
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }), host.contains(":") else {
                throw self.refusal("has no valid host", url)
            }
        } else {
            host = authority.prefix { $0 != ":" }
            suffix = authority[host.endIndex...]
            guard host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else {
                throw self.refusal("has no valid host", url)
            }
        }
        guard !host.isEmpty else { throw self.refusal("has no host", url) }
        guard !suffix.isEmpty else { return (host.lowercased(), nil) }
        guard suffix.hasPrefix(":"), suffix.dropFirst().allSatisfy(\.isNumber), let port = UInt16(suffix.dropFirst()),
            port > 0
        else { throw self.refusal("has no valid port", url) }
        return (host.lowercased(), port)
    }

    private static func refusal(_ what: String, _ url: String) -> HTTPClientError {
        // An at sign may be the end of a password.
        let name = url.contains("@") ? "the URL" : "the URL \(url.debugDescription)"
        return HTTPClientError(.invalidRequest, "\(name) \(what)")
    }
}
