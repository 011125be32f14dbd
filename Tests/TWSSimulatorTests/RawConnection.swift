import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A connection as bytes: what an HTTP library would hide is what the tests of the wire are about.
struct RawConnection {
    /// What came and how it ended.
    struct Outcome: Sendable {
        var bytes: [UInt8] = []
        /// The peer reset the connection instead of ending it.
        var wasReset = false
        /// The connection could not be made, or its handshake failed.
        var failure: String?

        var text: String { String(decoding: self.bytes, as: UTF8.self) }
        var head: String { self.text.components(before: "\r\n\r\n") }
        var body: [UInt8] {
            let separator = Array("\r\n\r\n".utf8)
            guard let end = self.bytes.indices.first(where: { self.bytes[$0...].starts(with: separator) }) else {
                return []
            }
            return Array(self.bytes[(end + 4)...])
        }
        var status: Int? { Int(self.text.dropFirst("HTTP/1.1 ".count).prefix(3)) }
    }

    /// Sends `text` and reads until the peer ends the connection, at most a minute.
    static func send(
        _ text: String,
        to port: Int,
        trusting certificatePEM: String? = nil,
        latestTLS: TLSVersion? = nil
    ) async throws -> Outcome {
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: Outcome.self)
        let tls = try certificatePEM.map { pem in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            configuration.maximumTLSVersion = latestTLS
            return try NIOSSLContext(configuration: configuration)
        }
        let deadline = group.next().scheduleTask(in: .seconds(60)) {
            promise.succeed(Outcome(failure: "no end after a minute"))
        }
        do {
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls {
                            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                        }
                        try pipeline.addHandler(Collector(request: text, promise: promise))
                    }
                }
                .connect(host: "127.0.0.1", port: port)
                .get()
            let outcome = try await promise.futureResult.get()
            deadline.cancel()
            // It is closed already, unless the deadline passed.
            try? await channel.close()
            return outcome
        } catch {
            deadline.cancel()
            promise.succeed(Outcome(failure: "\(error)"))
            return try await promise.futureResult.get()
        }
    }

    /// A GET with the default account that asks the server to close behind it.
    static func request(_ target: String, method: String = "GET", headers: String = "") -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic cmVzeW5jOnJlc3luYw==\r\n"
            + "Connection: close\r\n\(headers)\r\n"
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: String
    private let promise: EventLoopPromise<RawConnection.Outcome>
    private var outcome = RawConnection.Outcome()

    init(request: String, promise: EventLoopPromise<RawConnection.Outcome>) {
        self.request = request
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(string: self.request)
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.outcome.bytes.append(contentsOf: self.unwrapInboundIn(data).readableBytesView)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == 104 {
            self.outcome.wasReset = true
        } else if !(error is NIOSSLError) || self.outcome.bytes.isEmpty {
            self.outcome.failure = "\(error)"
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.promise.succeed(self.outcome)
    }
}

extension String {
    fileprivate func components(before separator: String) -> String {
        self.range(of: separator).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
