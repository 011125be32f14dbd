import Glibc

extension SettingType where Value == String {
    /// A name or address to listen on.
    static let hostName = Self.text("host", "a host name or an address") { text in
        !text.isEmpty && (isAddress(text) || text.utf8.allSatisfy { $0 == 0x2d || $0 == 0x2e || isAlphanumeric($0) })
    }

    /// An origin as browsers send it: scheme, host and, if not the default one, port.
    static let origin = Self.text("origin", "an origin such as \"https://example.org\", without a path") { text in
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let authority = text.dropFirst(scheme.count)
        return !authority.isEmpty
            && authority.utf8.allSatisfy { byte in
                isAlphanumeric(byte) || [0x2d, 0x2e, 0x3a, 0x5b, 0x5d].contains(byte)
            }
    }

    /// An address, or a network in CIDR notation.
    static let network = Self.text("network", "an address or a network such as \"10.0.0.0/8\"") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first.map(String.init), isAddress(address) else { return false }
        guard parts.count > 1 else { return true }
        let longest = address.contains(":") ? 128 : 32
        return parts.count == 2 && Int(parts[1]).map { (0...longest).contains($0) } ?? false
    }
}

/// Whether `text` is an IPv4 or IPv6 address in its written form.
private func isAddress(_ text: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
}

/// ASCII letters and digits.
func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
}
