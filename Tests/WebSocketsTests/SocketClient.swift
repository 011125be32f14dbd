import JSON
import NIOCore
import NIOPosix

@testable import WebSockets

/// A client on a real TCP connection that sends exactly the bytes it is told and reads a server's frames.
struct SocketClient {
    struct Frame: Hashable {
        let opcode: UInt8
        let payload: [UInt8]

        var json: JSONValue { (try? JSONValue(parsing: self.payload)) ?? .null }
        var closeCode: SocketCloseCode? {
            self.opcode == 8 && self.payload.count >= 2
                ? SocketCloseCode(rawValue: UInt16(self.payload[0]) << 8 | UInt16(self.payload[1])) : nil
        }
    }

    struct Ended: Error {}

    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel
    private var bytes = ByteBuffer()

    /// Connects, runs the body and closes.
    static func connect(port: Int, body: (inout SocketClient) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var client = SocketClient(
                outbound: outbound,
                iterator: inbound.makeAsyncIterator(),
                channel: channel.channel
            )
            try await body(&client)
        }
    }

    func send(_ bytes: [UInt8]) async throws {
        try await self.outbound.write(ByteBuffer(bytes: bytes))
    }

    func send(json: String) async throws {
        try await self.send(ClientBytes.text(json))
    }

    /// Takes nothing from the connection any more, until `true` again.
    func read(_ enabled: Bool) async throws {
        try await self.channel.setOption(.autoRead, value: enabled).get()
    }

    /// The next frame; throws `Ended` when the server has closed.
    mutating func next() async throws -> Frame {
        while true {
            if let frame = self.takeFrame() { return frame }
            guard var more = try await self.iterator.next(isolation: #isolation) else { throw Ended() }
            self.bytes.writeBuffer(&more)
        }
    }

    /// The next frame of a JSON type, dropping what comes before it.
    mutating func next(_ type: String) async throws -> JSONValue {
        while true {
            let json = try await self.next().json
            if json["type"]?.string == type { return json }
        }
    }

    private mutating func takeFrame() -> Frame? {
        let start = self.bytes.readerIndex
        guard let first = self.bytes.getInteger(at: start, as: UInt8.self),
            let second = self.bytes.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        var header = 2
        var length = Int(second & 0x7F)
        if length == 126 {
            guard let long = self.bytes.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            (header, length) = (4, Int(long))
        } else if length == 127 {
            guard let long = self.bytes.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            (header, length) = (10, Int(long))
        }
        guard self.bytes.readableBytes >= header + length else { return nil }
        self.bytes.moveReaderIndex(forwardBy: header)
        return Frame(opcode: first & 0x0F, payload: self.bytes.readBytes(length: length) ?? [])
    }
}
