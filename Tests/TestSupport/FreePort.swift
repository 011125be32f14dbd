import Foundation
import Glibc

/// Ports for programs that must be told theirs.
package enum FreePort {
    private static let attempts = 100

    /// A port of 127.0.0.1 nobody listens on, below those the system gives to connections and to listeners that ask for
    /// any port: in the time until the caller listens, none of the other tests' connections can get it.
    ///
    /// Another caller may choose the same; where a program can be told to choose (port 0), that is safer.
    package static func choose() throws -> Int {
        let end = self.firstEphemeralPort()
        var failure = FreePortError(call: "bind", errorNumber: EADDRINUSE)
        for _ in 0..<self.attempts {
            let port = Int.random(in: max(1024, end - 16_384)..<max(1025, end))
            do {
                try self.bindOnce(to: port)
                return port
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func firstEphemeralPort() -> Int {
        // 32768 is the kernel's default, for a system that does not tell.
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
    }

    private static func bindOnce(to port: Int) throws(FreePortError) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw FreePortError(call: "socket", errorNumber: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw FreePortError(call: "bind", errorNumber: errno) }
    }
}

/// The system refused a port.
package struct FreePortError: Error {
    let call: String
    let errorNumber: Int32
}
