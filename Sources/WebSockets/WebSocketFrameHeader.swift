import NIOCore

/// The first bytes of a client's frame: RFC 6455 section 5.2, checked as soon as they are there.
struct WebSocketFrameHeader: Hashable {
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { self.rawValue >= 8 }
    }

    let opcode: Opcode
    let isFinal: Bool
    let isCompressed: Bool
    let payloadLength: Int
    let maskingKey: UInt32

    /// Reads a header from the front of `buffer`; nil, with nothing consumed, while it is incomplete.
    ///
    /// - Throws: for reserved bits and opcodes, a missing mask, control frames that are long or in parts, and lengths that
    ///   are not in their shortest form.
    static func read(
        from buffer: inout ByteBuffer,
        compressionNegotiated: Bool
    ) throws(SocketProtocolError) -> Self? {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self),
            let second = buffer.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw SocketProtocolError(.protocolError, "reserved opcode \(first & 0x0F)")
        }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        let mayBeCompressed = compressionNegotiated && (opcode == .text || opcode == .binary)
        guard first & 0x30 == 0, !isCompressed || mayBeCompressed else {
            throw SocketProtocolError(.protocolError, "a reserved bit is set")
        }
        guard second & 0x80 != 0 else { throw SocketProtocolError(.protocolError, "the frame is not masked") }
        let shortLength = second & 0x7F
        guard !opcode.isControl || (isFinal && shortLength <= 125) else {
            throw SocketProtocolError(.protocolError, "a control frame is longer than 125 bytes or in parts")
        }
        guard let (length, lengthBytes) = try self.length(shortLength, in: buffer, at: start + 2),
            let key = buffer.getInteger(at: start + 2 + lengthBytes, as: UInt32.self)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 2 + lengthBytes + 4)
        return Self(
            opcode: opcode,
            isFinal: isFinal,
            isCompressed: isCompressed,
            payloadLength: length,
            maskingKey: key
        )
    }

    private static func length(
        _ short: UInt8,
        in buffer: ByteBuffer,
        at index: Int
    ) throws(SocketProtocolError) -> (length: Int, bytes: Int)? {
        switch short {
        case 126:
            guard let long = buffer.getInteger(at: index, as: UInt16.self) else { return nil }
            guard long > 125 else { throw SocketProtocolError(.protocolError, "a length is not in its shortest form") }
            return (Int(long), 2)
        case 127:
            guard let long = buffer.getInteger(at: index, as: UInt64.self) else { return nil }
            guard long > UInt64(UInt16.max), let length = Int(exactly: long) else {
                throw SocketProtocolError(.protocolError, "a length is not in its shortest form or has its top bit set")
            }
            return (length, 8)
        default:
            return (Int(short), 0)
        }
    }
}
