import NIOCore

/// Turns a client's bytes into messages, and refuses everything RFC 6455 and RFC 7692 forbid.
///
/// A value without I/O: it is fed by `append` and asked by `next`. It holds at most one message of `maximumMessageBytes`
/// and the bytes of one read; a frame that announces more is refused by its header, before its payload arrives.
struct WebSocketDecoder {
    enum Event: Hashable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// The close frame; `code` is nil when it was empty.
        case close(code: SocketCloseCode?, reason: String)
    }

    private struct Message {
        var opcode: WebSocketFrameHeader.Opcode
        var isCompressed: Bool
        var payload: ByteBuffer
        var fragments = 1
    }

    /// More parts than this are refused: each part costs work that its size does not show.
    private static let maximumFragments = 1024

    private let maximumMessageBytes: Int
    private let compression: Bool
    private var pending = ByteBuffer()
    private var header: WebSocketFrameHeader?
    private var message: Message?

    init(maximumMessageBytes: Int, compression: Bool) {
        self.maximumMessageBytes = maximumMessageBytes
        self.compression = compression
    }

    mutating func append(_ bytes: ByteBuffer) {
        if self.pending.readableBytes == 0 {
            self.pending = bytes
        } else {
            self.pending.discardReadBytes()
            self.pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next complete event; nil when more bytes are needed.
    ///
    /// After a throw the connection must be closed.
    mutating func next() throws(SocketProtocolError) -> Event? {
        while true {
            if self.header == nil {
                self.header = try WebSocketFrameHeader.read(
                    from: &self.pending,
                    compressionNegotiated: self.compression
                )
            }
            guard let header = self.header else { return nil }
            try self.checkSequence(of: header)
            guard var payload = self.pending.readSlice(length: header.payloadLength) else { return nil }
            self.header = nil
            payload.unmask(with: header.maskingKey)
            if let event = try self.frame(header, payload) { return event }
        }
    }

    private func checkSequence(of header: WebSocketFrameHeader) throws(SocketProtocolError) {
        guard !header.opcode.isControl else { return }
        if header.opcode == .continuation {
            guard let message = self.message else {
                throw SocketProtocolError(.protocolError, "a continuation without a message")
            }
            guard message.fragments < Self.maximumFragments else {
                throw SocketProtocolError(.policyViolation, "more than \(Self.maximumFragments) parts in one message")
            }
        } else if self.message != nil {
            throw SocketProtocolError(.protocolError, "a new message inside an unfinished one")
        }
        let total = (self.message?.payload.readableBytes ?? 0).addingReportingOverflow(header.payloadLength)
        guard !total.overflow, total.partialValue <= self.maximumMessageBytes else {
            throw SocketProtocolError(.messageTooBig, "the message is longer than \(self.maximumMessageBytes) bytes")
        }
    }

    private mutating func frame(
        _ header: WebSocketFrameHeader,
        _ payload: ByteBuffer
    ) throws(SocketProtocolError) -> Event? {
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close: return try Self.close(payload)
        case .text, .binary:
            self.message = Message(opcode: header.opcode, isCompressed: header.isCompressed, payload: payload)
        case .continuation:
            self.message?.payload.writeImmutableBuffer(payload)
            self.message?.fragments += 1
        }
        guard header.isFinal, let message = self.message else { return nil }
        self.message = nil
        return try self.complete(message)
    }

    private func complete(_ message: Message) throws(SocketProtocolError) -> Event {
        var payload = message.payload
        if message.isCompressed {
            payload = try MessageCompression.inflate(payload, limit: self.maximumMessageBytes)
        }
        guard message.opcode == .text else { return .binary(payload) }
        guard String(validating: payload.readableBytesView, as: UTF8.self) != nil else {
            throw SocketProtocolError(.invalidText, "the text is not UTF-8")
        }
        return .text(payload)
    }

    private static func close(_ payload: ByteBuffer) throws(SocketProtocolError) -> Event {
        var payload = payload
        guard payload.readableBytes > 0 else { return .close(code: nil, reason: "") }
        guard let raw = payload.readInteger(as: UInt16.self) else {
            throw SocketProtocolError(.protocolError, "a close frame of one byte")
        }
        let code = SocketCloseCode(rawValue: raw)
        guard code.isValidOnTheWire else { throw SocketProtocolError(.protocolError, "close code \(raw)") }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw SocketProtocolError(.invalidText, "the close reason is not UTF-8")
        }
        return .close(code: code, reason: reason)
    }
}

extension ByteBuffer {
    /// Removes the mask of RFC 6455 section 5.3 in place, eight bytes at a time.
    fileprivate mutating func unmask(with key: UInt32) {
        guard key != 0 else { return }
        self.withUnsafeMutableReadableBytes { bytes in
            let pattern = UInt64(key) << 32 | UInt64(key)
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                bytes.storeBytes(of: word ^ pattern.bigEndian, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                bytes[index] ^= UInt8(truncatingIfNeeded: key >> (24 - 8 * UInt32(index % 4)))
                index += 1
            }
        }
    }
}
