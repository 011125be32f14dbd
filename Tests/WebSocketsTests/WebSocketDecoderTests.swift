import NIOCore
import Testing

@testable import WebSockets

@Suite("WebSocket decoder")
struct WebSocketDecoderTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        var code = SocketCloseCode.protocolError
    }

    static let refused: [Refused] = [
        Refused(testDescription: "an unmasked frame", bytes: ClientBytes.frame(1, [65], masked: false)),
        Refused(testDescription: "RSV1 without compression", bytes: ClientBytes.frame(1, [65], reserved: 0x40)),
        Refused(testDescription: "RSV2", bytes: ClientBytes.frame(1, [65], reserved: 0x20)),
        Refused(testDescription: "RSV3", bytes: ClientBytes.frame(9, [], reserved: 0x10)),
        Refused(testDescription: "a reserved data opcode", bytes: ClientBytes.frame(3)),
        Refused(testDescription: "a reserved control opcode", bytes: ClientBytes.frame(11)),
        Refused(testDescription: "a long ping", bytes: ClientBytes.frame(9, Array(repeating: 0, count: 126))),
        Refused(testDescription: "a ping in parts", bytes: ClientBytes.frame(9, final: false)),
        Refused(testDescription: "a continuation of nothing", bytes: ClientBytes.frame(0, [65])),
        Refused(
            testDescription: "a message inside a message",
            bytes: ClientBytes.frame(1, [65], final: false) + ClientBytes.frame(1, [66])
        ),
        Refused(testDescription: "a length that is not shortest", bytes: [0x81, 0x80 | 126, 0, 5, 1, 2, 3, 4]),
        Refused(
            testDescription: "a 64 bit length with its top bit",
            bytes: [0x81, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4]
        ),
        Refused(testDescription: "a close frame of one byte", bytes: ClientBytes.frame(8, [3])),
        Refused(testDescription: "close code 1005", bytes: ClientBytes.frame(8, [0x03, 0xED])),
        Refused(testDescription: "close code 999", bytes: ClientBytes.frame(8, [0x03, 0xE7])),
        Refused(testDescription: "close code 5000", bytes: ClientBytes.frame(8, [0x13, 0x88])),
        Refused(
            testDescription: "a close reason that is not UTF-8",
            bytes: ClientBytes.frame(8, [0x03, 0xE8, 0xFF]),
            code: .invalidText
        ),
        Refused(
            testDescription: "text that is not UTF-8",
            bytes: ClientBytes.frame(1, [0xC0, 0xAF]),
            code: .invalidText
        ),
        Refused(testDescription: "a surrogate", bytes: ClientBytes.frame(1, [0xED, 0xA0, 0x80]), code: .invalidText),
        Refused(
            testDescription: "a message above the limit",
            bytes: Array(ClientBytes.frame(1, Array(repeating: 65, count: 1001)).prefix(8)),
            code: .messageTooBig
        ),
        Refused(
            testDescription: "parts above the limit",
            bytes: ClientBytes.frame(1, Array(repeating: 65, count: 900), final: false)
                + Array(ClientBytes.frame(0, Array(repeating: 65, count: 200)).prefix(8)),
            code: .messageTooBig
        ),
    ]

    @Test(arguments: refused) func `what the protocol forbids is refused with its code`(_ refused: Refused) {
        var decoder = WebSocketDecoder(maximumMessageBytes: 1000, compression: false)
        decoder.append(ByteBuffer(bytes: refused.bytes))

        let error = #expect(throws: SocketProtocolError.self) {
            while try decoder.next() != nil {}
        }
        #expect(error?.closeCode == refused.code)
    }

    @Test func `messages are the same however the bytes are cut`() throws {
        let bytes =
            ClientBytes.frame(1, Array("grü".utf8), final: false) + ClientBytes.frame(9, Array("p".utf8))
            + ClientBytes.frame(0, Array("ße".utf8)) + ClientBytes.frame(2, Array(repeating: 7, count: 300))
            + ClientBytes.frame(10) + ClientBytes.frame(8, [0x03, 0xE8] + Array("bye".utf8))
        let expected: [WebSocketDecoder.Event] = [
            .ping(ByteBuffer(string: "p")), .text(ByteBuffer(string: "grüße")),
            .binary(ByteBuffer(bytes: Array(repeating: 7, count: 300))), .pong(ByteBuffer()),
            .close(code: .normal, reason: "bye"),
        ]
        for size in [1, 2, 3, 7, 64, bytes.count] {
            var decoder = WebSocketDecoder(maximumMessageBytes: 1000, compression: false)
            var events: [WebSocketDecoder.Event] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                decoder.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
                while let event = try decoder.next() { events.append(event) }
            }
            #expect(events == expected, "cut every \(size) bytes")
        }
    }

    @Test func `random bytes are refused or understood but never trap`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var decoder = WebSocketDecoder(maximumMessageBytes: 512, compression: true)
            decoder.append(ByteBuffer(bytes: (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }))
            _ = Result { while try decoder.next() != nil {} }
        }
    }

    @Test func `a compressed message is read and its decompressed size is bounded`() throws {
        let text = String(repeating: "resync ", count: 100)
        let payload = try #require(MessageCompression.deflate(Array(text.utf8)))
        let frame = ClientBytes.frame(1, payload, reserved: 0x40)

        var decoder = WebSocketDecoder(maximumMessageBytes: 700, compression: true)
        decoder.append(ByteBuffer(bytes: frame))
        #expect(try decoder.next() == .text(ByteBuffer(string: text)))

        var narrow = WebSocketDecoder(maximumMessageBytes: 699, compression: true)
        narrow.append(ByteBuffer(bytes: frame))
        let error = #expect(throws: SocketProtocolError.self) { try narrow.next() }
        #expect(error?.closeCode == .messageTooBig)
    }

    @Test(arguments: [0, 125, 126, 65_535, 65_536])
    func `a server's frame has the shortest length and no mask`(_ size: Int) {
        let frame = WebSocketEncoder.text(Array(repeating: 65, count: size))
        let header = size <= 125 ? 2 : size <= 65_535 ? 4 : 10

        #expect(frame.readableBytes == size + header)
        #expect(frame.getInteger(at: 0, as: UInt8.self) == 0x81)
        #expect(frame.getInteger(at: 1, as: UInt8.self).map { $0 & 0x80 } == 0)
    }
}
