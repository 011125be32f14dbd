import Glibc

/// Ports for programs that must be told theirs.
package enum FreePort {
    /// A port of 127.0.0.1 nobody listens on.
    ///
    /// Another process may take it before the caller does; where a program can be told to choose (port 0), that is safer.
    package static func choose() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw FreePortError(call: "socket", errorNumber: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let bound = bind(descriptor, pointer, length)
                return bound == 0 ? getsockname(descriptor, pointer, &length) : bound
            }
        }
        guard code == 0 else { throw FreePortError(call: "bind", errorNumber: errno) }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}

/// The system refused a port.
package struct FreePortError: Error {
    let call: String
    let errorNumber: Int32
}
