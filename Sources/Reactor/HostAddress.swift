import Glibc

/// A numeric address of a host, as `getaddrinfo` orders them: the first is the one to try first.
package struct HostAddress: Sendable, Hashable {
    package enum Family: Sendable, Hashable {
        case ipv4
        case ipv6
    }

    package let family: Family
    /// `127.0.0.1` or `::1`, without brackets; a link-local IPv6 address carries its zone.
    package let text: String

    /// The address when `host` is one already, so that nothing has to be resolved.
    package init?(literal host: String) {
        var ipv4 = in_addr()
        var ipv6 = in6_addr()
        if inet_pton(AF_INET, host, &ipv4) == 1 {
            self.init(family: .ipv4, text: host)
        } else if inet_pton(AF_INET6, host, &ipv6) == 1 {
            self.init(family: .ipv6, text: host)
        } else {
            return nil
        }
    }

    private init(family: Family, text: String) {
        self.family = family
        self.text = text
    }

    /// Asks the system's resolver and blocks until it answers, which can take many seconds.
    static func lookUpBlocking(_ host: String) throws(ReactorError) -> [Self] {
        guard !host.isEmpty, !host.utf8.contains(0) else {
            throw ReactorError(.unknownHost(temporary: false), "not a host name: \(host.debugDescription)")
        }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let reason = code == EAI_SYSTEM ? "system error \(errno)" : String(cString: gai_strerror(code))
            let temporary = code == EAI_AGAIN || code == EAI_SYSTEM || code == EAI_MEMORY
            throw ReactorError(.unknownHost(temporary: temporary), "cannot resolve \(host): \(reason)")
        }
        defer { freeaddrinfo(list) }

        var addresses: [Self] = []
        var next = list
        while let entry = next?.pointee {
            if let address = Self(entry), !addresses.contains(address) { addresses.append(address) }
            next = entry.ai_next
        }
        guard !addresses.isEmpty else {
            throw ReactorError(.unknownHost(temporary: false), "\(host) has no IPv4 or IPv6 address")
        }
        return addresses
    }

    private init?(_ entry: addrinfo) {
        guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            entry.ai_addr,
            entry.ai_addrlen,
            &buffer,
            socklen_t(buffer.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard code == 0 else { return nil }
        self.family = entry.ai_family == AF_INET ? .ipv4 : .ipv6
        self.text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
