import NIOCore

/// Addresses and CIDR blocks of the proxies whose word is taken.
struct TrustedProxies: Sendable {
    private struct Block: Sendable {
        var address: [UInt8]
        var bits: Int
    }

    private let blocks: [Block]

    init(_ texts: [String]) throws(HTTPServerError) {
        var blocks: [Block] = []
        for text in texts {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard
                let first = parts.first, let address = Self.bytes(String(first)), parts.count <= 2,
                let bits = parts.count == 2 ? Int(parts[1]) : address.count * 8, 0...(address.count * 8) ~= bits
            else {
                throw HTTPServerError(.invalidSettings, "\(text) is neither an address nor a CIDR block")
            }
            blocks.append(Block(address: address, bits: bits))
        }
        self.blocks = blocks
    }

    var isEmpty: Bool { self.blocks.isEmpty }

    func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(address) else { return false }
        return self.blocks.contains { Self.matches(bytes, $0) }
    }

    /// The client behind `peer`: reading the fields from right to left, the first address that is not a proxy of
    /// ours.
    ///
    /// What stands left of it was written by strangers. An entry that is no address ends the reading.
    func client(peer: String, forwardedFor fields: [String]) -> String {
        guard !self.blocks.isEmpty, self.contains(peer) else { return peer }
        var client = peer
        for entry in fields.flatMap({ $0.split(separator: ",") }).reversed() {
            let address = Self.withoutPort(entry.trimmingBlanks())
            guard Self.bytes(address) != nil else { return client }
            client = address
            if !self.contains(address) { return client }
        }
        return client
    }

    static func isLoopback(_ address: String) -> Bool {
        guard let bytes = self.bytes(address) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    private static func withoutPort(_ entry: Substring) -> String {
        if entry.first == "[" { return String(entry.dropFirst().prefix { $0 != "]" }) }
        return entry.filter { $0 == ":" }.count == 1 ? String(entry.prefix { $0 != ":" }) : String(entry)
    }

    private static func matches(_ address: [UInt8], _ block: Block) -> Bool {
        guard address.count == block.address.count else { return false }
        let whole = block.bits / 8
        guard address[..<whole] == block.address[..<whole] else { return false }
        let rest = block.bits % 8
        return rest == 0 || (address[whole] ^ block.address[whole]) >> (8 - rest) == 0
    }

    /// Four or sixteen bytes; an IPv4 address written as IPv6 counts as IPv4.
    private static func bytes(_ text: String) -> [UInt8]? {
        // Nil is the answer to text that is no address.
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        switch address {
        case .v4(let address):
            return withUnsafeBytes(of: address.address.sin_addr.s_addr) { Array($0) }
        case .v6(let address):
            let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return isMapped ? Array(bytes[12...]) : bytes
        case .unixDomainSocket: return nil
        }
    }
}
