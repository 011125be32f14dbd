import CZlib
import NIOCore

/// permessage-deflate (RFC 7692) without context takeover in either direction.
///
/// Without takeover a connection holds no compression state, and one compressed event serves every subscriber.
enum MessageCompression {
    /// Shorter messages are sent as they are: the work costs more than the bytes saved.
    static let minimumBytes = 512

    /// The answer to a `Sec-WebSocket-Extensions` header; nil when nothing offered can be accepted.
    ///
    /// An offer that demands a smaller window of the server is declined: it would need a compressor per window size.
    static func accept(offers: some Sequence<String>) -> String? {
        for offer in offers.flatMap({ $0.split(separator: ",") }) {
            let parts = offer.split(separator: ";").map { $0.trimmingSpaces() }
            guard parts.first?.lowercased() == "permessage-deflate" else { continue }
            var seen: Set<String> = []
            let acceptable = parts.dropFirst().allSatisfy { part in
                let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingSpaces() }
                guard let name = pair.first?.lowercased(), seen.insert(name).inserted else { return false }
                let value = pair.count == 2 ? pair[1].filter { $0 != "\"" } : nil
                switch name {
                case "server_no_context_takeover", "client_no_context_takeover": return value == nil
                case "server_max_window_bits": return value == "15"
                case "client_max_window_bits": return value.map { (8...15).contains(Int($0) ?? 0) } ?? true
                default: return false
                }
            }
            if acceptable {
                return "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            }
        }
        return nil
    }

    /// The message's payload compressed; nil when zlib has no memory or the result is not shorter.
    static func deflate(_ payload: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        let version = ZLIB_VERSION
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, version, size) == Z_OK else {
            return nil
        }
        defer { deflateEnd(&stream) }
        var input = payload
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(payload.count))) + 16)
        let written = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let result = CZlib.deflate(&stream, Z_SYNC_FLUSH)
                return result == Z_OK && stream.avail_in == 0 ? target.count - Int(stream.avail_out) : 0
            }
        }
        // RFC 7692 section 7.2.1: the empty block that ends a flush is left out.
        guard written > 4, written - 4 < payload.count else { return nil }
        return Array(output[..<(written - 4)])
    }

    static func inflate(_ payload: ByteBuffer, limit: Int) throws(SocketProtocolError) -> ByteBuffer {
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw SocketProtocolError(.internalError, "no memory to decompress")
        }
        defer { inflateEnd(&stream) }
        var input = Array(payload.readableBytesView) + [0x00, 0x00, 0xFF, 0xFF]
        // One byte more than allowed, so that too much is told from just enough.
        var output = [UInt8](repeating: 0, count: limit + 1)
        let (result, written) = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let result = CZlib.inflate(&stream, Z_SYNC_FLUSH)
                return (result, target.count - Int(stream.avail_out))
            }
        }
        guard written <= limit else {
            throw SocketProtocolError(.messageTooBig, "the message is longer than \(limit) bytes decompressed")
        }
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, stream.avail_in == 0 else {
            throw SocketProtocolError(.invalidText, "the compressed data is invalid")
        }
        return ByteBuffer(bytes: output[..<written])
    }
}

extension StringProtocol {
    fileprivate func trimmingSpaces() -> String {
        var view = Substring(self)
        while let first = view.first, first == " " || first == "\t" { view.removeFirst() }
        while let last = view.last, last == " " || last == "\t" { view.removeLast() }
        return String(view)
    }
}
