import NIOCore

/// Frames of a server: never masked, never in parts.
enum WebSocketEncoder {
    static func text(_ payload: [UInt8]) -> ByteBuffer {
        self.frame(opcode: .text, payload: payload, compressed: false)
    }

    static func compressedText(_ payload: [UInt8]) -> ByteBuffer {
        self.frame(opcode: .text, payload: payload, compressed: true)
    }

    static func ping(_ payload: [UInt8]) -> ByteBuffer {
        self.frame(opcode: .ping, payload: payload, compressed: false)
    }

    static func pong(_ payload: ByteBuffer) -> ByteBuffer {
        self.frame(opcode: .pong, payload: Array(payload.readableBytesView), compressed: false)
    }

    /// A close frame; the reason is cut at a character's end, so that it fits a control frame.
    static func close(_ code: SocketCloseCode, reason: String) -> ByteBuffer {
        var fitting = ""
        for character in reason where fitting.utf8.count + character.utf8.count <= 123 { fitting.append(character) }
        let payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + Array(fitting.utf8)
        return self.frame(opcode: .close, payload: payload, compressed: false)
    }

    private static func frame(
        opcode: WebSocketFrameHeader.Opcode,
        payload: [UInt8],
        compressed: Bool
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(payload.count + 10)
        buffer.writeInteger(0x80 | (compressed ? 0x40 : 0) | opcode.rawValue)
        switch payload.count {
        case 0...125:
            buffer.writeInteger(UInt8(payload.count))
        case 126...Int(UInt16.max):
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(payload.count))
        }
        buffer.writeBytes(payload)
        return buffer
    }
}
