import NIOCore
import NIOHTTP1

/// Stands before the decoder: lets through only as much as the connection wants, and counts what the decoder swallows
/// without a sign of progress.
///
/// NIO's decoder parses all it is given at once, so a large read full of small requests is fed to it in slices while
/// requests are coming; the rest waits here, bounded by one read, since reading from the socket pauses meanwhile.
final class HTTPInputGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never

    private static let sliceBytes = 4_096

    /// Each holds the other until the connection leaves the pipeline.
    private let connection: HTTPConnection
    private let limits: HTTPLimits
    private var context: ChannelHandlerContext?
    private var waiting = ByteBuffer()
    private var wantsRead = false
    private var isFeeding = false
    /// Bytes given to the decoder since it last produced something.
    private var silentBytes = 0
    /// Beginning of a head that earlier reads have brought in part, for naming what is wrong with it.
    private var headSoFar = ByteBuffer()
    private var slice = ByteBuffer()
    private var headsBeforeSlice = 0

    init(connection: HTTPConnection, limits: HTTPLimits) {
        self.connection = connection
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        if self.waiting.readableBytes == 0 {
            self.waiting = bytes
        } else {
            self.waiting.writeImmutableBuffer(bytes)
        }
        self.feed(context)
    }

    func read(context: ChannelHandlerContext) {
        if self.connection.wantsInput, self.waiting.readableBytes == 0 {
            context.read()
        } else {
            self.wantsRead = true
        }
    }

    /// The connection wants input again.
    func resume() {
        guard let context, !self.isFeeding else { return }
        if self.waiting.readableBytes > 0 {
            self.feed(context)
            context.fireChannelReadComplete()
        }
        if self.wantsRead, self.connection.wantsInput, self.waiting.readableBytes == 0 {
            self.wantsRead = false
            context.read()
        }
    }

    /// The decoder has produced a head, a piece of a body, or an end.
    func progressed() {
        self.silentBytes = 0
    }

    /// Writes past the decoder, which has no part in answers.
    func writeAndFlush(_ bytes: ByteBuffer) {
        self.context?.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    /// What has not been given to the decoder, for the protocol that takes over.
    func takeWaiting() -> ByteBuffer {
        defer { self.waiting = ByteBuffer() }
        return self.waiting
    }

    /// The bytes of the request that the decoder has refused, as far as they are known: from its beginning to the end
    /// of the slice it was fed.
    ///
    /// For the choice between 400 and a better status, never for parsing.
    var refusedRequest: ByteBuffer {
        var bytes = self.headSoFar
        bytes.writeImmutableBuffer(self.slice)
        // Requests complete in the same slice come first; each ends, unless it has a body, with an empty line.
        for _ in self.headsBeforeSlice..<self.connection.headCount {
            let view = bytes.readableBytesView
            guard let end = Self.endOfEmptyLine(view) else { break }
            bytes.moveReaderIndex(to: end)
        }
        return bytes
    }

    private func feed(_ context: ChannelHandlerContext) {
        if self.isFeeding { return }
        self.isFeeding = true
        let now = NIODeadline.now()
        defer { self.isFeeding = false }
        while self.waiting.readableBytes > 0, self.connection.wantsInput {
            let count =
                self.connection.isReceivingBody
                ? self.waiting.readableBytes : min(self.waiting.readableBytes, Self.sliceBytes)
            guard let slice = self.waiting.readSlice(length: count) else { return }
            if self.connection.discardsInput {
                self.connection.inputDiscarded()
                continue
            }
            self.slice = slice
            self.headsBeforeSlice = self.connection.headCount
            self.silentBytes += count
            self.connection.bytesArrived(now: now)
            context.fireChannelRead(self.wrapInboundOut(slice))
            if self.silentBytes > self.limits.headBytes + Self.sliceBytes { self.connection.inputWithoutProgress() }
            self.rememberHead()
        }
        if self.waiting.readableBytes == 0 { self.waiting = ByteBuffer() }
    }

    private func rememberHead() {
        if self.connection.isReceivingHead {
            if self.connection.headCount > self.headsBeforeSlice {
                self.headSoFar = self.refusedRequest
            } else if self.headSoFar.readableBytes <= self.limits.fieldBytes {
                self.headSoFar.writeImmutableBuffer(self.slice)
            }
        } else if self.headSoFar.readableBytes > 0 {
            self.headSoFar = ByteBuffer()
        }
        self.slice = ByteBuffer()
    }

    private static func endOfEmptyLine(_ bytes: ByteBufferView) -> Int? {
        var state = 0
        for index in bytes.indices {
            switch (state, bytes[index]) {
            case (0, UInt8(ascii: "\r")), (2, UInt8(ascii: "\r")): state += 1
            case (1, UInt8(ascii: "\n")): state = 2
            case (3, UInt8(ascii: "\n")): return index + 1
            case (_, UInt8(ascii: "\r")): state = 1
            default: state = 0
            }
        }
        return nil
    }
}

/// Finds the status for a request that NIO's decoder has refused.
enum RefusedRequest {
    static func problem(_ error: any Error, bytes: ByteBuffer) -> HTTPProblem {
        let text = bytes.readableBytesView.drop { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        let line = text.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        switch error as? HTTPParserError {
        case .headerOverflow?:
            return line.endIndex == text.endIndex ? HTTPProblem(.uriTooLong, code: "target-too-long") : .headTooLarge
        case .invalidMethod?:
            let method = line.prefix { $0 != UInt8(ascii: " ") }
            let isToken = !method.isEmpty && method.count <= 32 && method.allSatisfy(Self.isTokenByte)
            if isToken, method.endIndex != line.endIndex { return .notImplemented }
        default: break
        }
        return self.isOtherVersion(line) ? .versionNotSupported : .invalidRequest("The request is not HTTP/1.1.")
    }

    private static func isOtherVersion(_ line: ByteBufferView) -> Bool {
        guard let version = line.split(separator: UInt8(ascii: " ")).last, version.count == 8 else { return false }
        let bytes = Array(version)
        let isDigit: (UInt8) -> Bool = { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return bytes[..<5].elementsEqual("HTTP/".utf8) && isDigit(bytes[5]) && bytes[6] == UInt8(ascii: ".")
            && isDigit(bytes[7]) && !bytes[5...].elementsEqual("1.0".utf8) && !bytes[5...].elementsEqual("1.1".utf8)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
