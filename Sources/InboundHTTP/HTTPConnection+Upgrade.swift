import NIOCore
import NIOHTTP1

/// Leaving the connection to another protocol.
extension HTTPConnection {
    func handOver(
        _ exchange: HTTPExchange,
        _ response: HTTPResponse,
        start: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) {
        guard let context, exchange.rules?.asksForUpgrade == true, exchange.isVersion11 else {
            exchange.isAnswered = false
            let problem = HTTPProblem(
                .upgradeRequired,
                code: "upgrade-required",
                headers: response.headers.first(name: "upgrade").map { ["upgrade": $0] } ?? [:]
            )
            let id = exchange.context?.requestID ?? ""
            return self.answer(exchange, problem.response(requestID: id, instance: exchange.head?.uri))
        }
        exchange.status = .switchingProtocols
        var head: [UInt8] = []
        ResponseEncoding.writeStatusLine(.switchingProtocols, into: &head)
        self.loop.writeDate(into: &head, now: .now())
        ResponseEncoding.writeFields(response, framing: .none, into: &head)
        if let requestContext = exchange.context {
            ResponseEncoding.writeField("x-request-id", requestContext.requestID, into: &head)
        }
        head.append(contentsOf: "connection: Upgrade\r\n\r\n".utf8)
        self.write(head)
        self.flush()
        self.record(exchange)
        self.exchanges = []
        self.isHandedOver = true
        let channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: self.loop.eventLoop)
        start(channel).hop(to: self.loop.eventLoop).whenComplete { result in
            switch result {
            case .success: bound.value.leavePipeline()
            case .failure: channel.close(promise: nil)
            }
        }
    }

    /// First the decoder goes, passing on what it holds, then what the gate holds follows, then both others go.
    private func leavePipeline() {
        guard let context, let gate else { return }
        let operations = context.pipeline.syncOperations
        let bound = NIOLoopBound((connection: self, gate: gate), eventLoop: self.loop.eventLoop)
        operations.removeHandler(self.decoder).whenComplete { _ in
            guard let context = bound.value.connection.context else { return }
            let waiting = bound.value.gate.takeWaiting()
            if waiting.readableBytes > 0 { context.fireChannelRead(NIOAny(waiting)) }
            context.fireChannelReadComplete()
            let pipeline = context.pipeline.syncOperations
            let channel = context.channel
            pipeline.removeHandler(bound.value.gate).whenComplete { _ in channel.read() }
            pipeline.removeHandler(bound.value.connection, promise: nil)
        }
    }
}
