import Foundation

/// Where events are posted to: an `http` URL.
struct WebhookAddress: Sendable, Hashable {
    let text: String
    let host: String
    let port: Int
    /// Path and query.
    let target: String

    /// Nil for anything but an absolute `http` URL without credentials.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), parts.scheme?.lowercased() == "http", parts.user == nil,
            parts.password == nil, let host = parts.host, !host.isEmpty
        else { return nil }
        let port = parts.port ?? 80
        guard (1...65_535).contains(port) else { return nil }
        self.text = text
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        self.target = parts.percentEncodedQuery.map { "\(path)?\($0)" } ?? path
    }

    /// Value of the `Host` header.
    var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == 80 ? host : "\(host):\(self.port)"
    }
}
