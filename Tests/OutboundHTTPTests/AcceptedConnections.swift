import Concurrency
import NIOCore

/// A connection somebody has opened to the server, and what arrives on it.
struct AcceptedConnection: Sendable {
    let channel: any Channel
    let input: AsyncThrowingStream<ByteBuffer, any Error>
}

/// The connections of a server in the order of their arrival; all that are open are closed at the end.
///
/// `NIOAsyncChannel` is of no use here: one that is accepted while the server ends, and served by nobody, traps.
final class AcceptedConnections: Sendable {
    private struct Ended: Error {}

    let accepted: AsyncStream<AcceptedConnection>
    private let arrivals: AsyncStream<AcceptedConnection>.Continuation
    private let channels = Locked<[any Channel]?>([])

    init() {
        (self.accepted, self.arrivals) = AsyncStream.makeStream()
    }

    /// The last handler of the connection's pipeline; throws when the server has ended, which closes the connection.
    func add(_ channel: any Channel) throws -> InputHandler {
        let isLate = self.channels.withLock { channels in
            channels?.append(channel)
            return channels == nil
        }
        if isLate { throw Ended() }
        let (input, continuation) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        self.arrivals.yield(AcceptedConnection(channel: channel, input: input))
        return InputHandler(continuation)
    }

    func end() {
        self.arrivals.finish()
        let channels = self.channels.withLock { channels in
            defer { channels = nil }
            return channels
        }
        for channel in channels ?? [] { channel.close(promise: nil) }
    }
}

/// Hands what arrives to the script of a connection.
final class InputHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let input: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

    init(_ input: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) {
        self.input = input
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.input.yield(self.unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.input.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.input.finish(throwing: error)
    }
}
