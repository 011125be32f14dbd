import NIOCore

extension SocketAddress {
    /// The address as it stands in a URL: `127.0.0.1:8000`, `[::1]:8000`; the path of a socket in the file system.
    package var hostAndPort: String {
        guard let host = self.ipAddress, let port = self.port else { return self.pathname ?? "\(self)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
