import Concurrency
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport

/// A server on a loopback port that does with each connection what a test says, byte by byte.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let line: String
        let headers: [(name: String, value: String)]
        let body: [UInt8]

        func header(_ name: String) -> String? {
            self.headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    struct Counts: Sendable {
        var connections = 0
        var requests = 0
        var open = 0
        var peakOpen = 0
    }

    typealias Script = @Sendable (ScriptedConnection) async throws -> Void

    let port: Int
    private let countsSoFar: Locked<Counts>

    var counts: Counts { self.countsSoFar.withLock { $0 } }

    var url: String { "http://127.0.0.1:\(self.port)" }
    var tlsURL: String { "https://localhost:\(self.port)" }

    /// Runs `body` beside a server; both are over when it returns.
    static func with(
        tls certificate: TestCertificate? = nil,
        maximumTLSVersion: TLSVersion? = nil,
        script: @escaping Script,
        _ body: (ScriptedServer) async throws -> Void
    ) async throws {
        let sslContext = try certificate.map { certificate in
            var configuration = try TLSConfiguration.makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(certificate.certificateFile)
                    .map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))
            )
            configuration.minimumTLSVersion = .tlsv1
            configuration.maximumTLSVersion = maximumTLSVersion
            return try NIOSSLContext(configuration: configuration)
        }
        let connections = AcceptedConnections()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let sslContext {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: sslContext))
                    }
                    try channel.pipeline.syncOperations.addHandler(try connections.add(channel))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(port: listener.localAddress?.port ?? 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { serving in
                    for await connection in connections.accepted {
                        serving.addTask { await server.serve(connection, script) }
                    }
                    serving.cancelAll()
                }
            }
            // Ends the accepting task, also when the body throws.
            defer {
                listener.close(promise: nil)
                connections.end()
                group.cancelAll()
            }
            try await body(server)
        }
    }

    private init(port: Int) {
        self.port = port
        self.countsSoFar = Locked(Counts())
    }

    fileprivate func count(_ change: (inout Counts) -> Void) {
        self.countsSoFar.withLock { counts in
            change(&counts)
            counts.peakOpen = max(counts.peakOpen, counts.open)
        }
    }

    private func serve(_ connection: AcceptedConnection, _ script: Script) async {
        self.count {
            $0.connections += 1
            $0.open += 1
        }
        // A script may end with the connection, in whatever way that shows.
        try? await script(ScriptedConnection(server: self, connection))
        // Fails only when it is closed already.
        try? await connection.channel.close()
        self.count { $0.open -= 1 }
    }
}

/// One connection to a scripted server.
final class ScriptedConnection {
    private let server: ScriptedServer
    private let channel: any Channel
    private var inbound: AsyncThrowingStream<ByteBuffer, any Error>.Iterator
    private var received = ByteBuffer()

    fileprivate init(server: ScriptedServer, _ connection: AcceptedConnection) {
        self.server = server
        self.channel = connection.channel
        self.inbound = connection.input.makeAsyncIterator()
    }

    /// The next request with its body; nil when the client has closed the connection.
    func request() async throws -> ScriptedServer.Request? {
        while true {
            let bytes = self.received.readableBytesView
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                self.received.moveReaderIndex(to: end.upperBound)
                return try await self.request(head)
            }
            guard try await self.receive() else { return nil }
        }
    }

    /// The next request that is not the probe of a connection, which gets its answer here.
    func requestAfterProbe() async throws -> ScriptedServer.Request? {
        while let request = try await self.request() {
            guard request.line.hasPrefix("HEAD /probe ") else { return request }
            try await self.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
        return nil
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    /// Returns when the system has taken the bytes.
    func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// A complete response with a text as its body.
    func respond(_ text: String, status: String = "200 OK", headers: String = "") async throws {
        try await self.send("HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\(headers)\r\n\(text)")
    }

    /// Does nothing for a while, as a slow server does.
    func pause(for duration: TimeAmount) async throws {
        try await self.channel.eventLoop.scheduleTask(in: duration) {}.futureResult.get()
    }

    /// Takes nothing any more until the test is over.
    func stopReading() async {
        // Fails only when the connection is closed already, and then nothing can be read anyway.
        try? await self.channel.setOption(.autoRead, value: false).get()
        await self.waitForClose()
    }

    /// Waits until the client closes the connection, in whatever way.
    func waitForClose() async {
        while (try? await self.receive()) == true {}
    }

    /// Lets the connection end with a reset instead of a close.
    func reset() async throws {
        let provider = self.channel as? any SocketOptionProvider
        try await provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        // The handler of TLS would say goodbye first, and a reset is meant.
        try? await self.channel.close().get()
    }

    private func request(_ head: String) async throws -> ScriptedServer.Request? {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let isChunked = headers.contains { $0.name.lowercased() == "transfer-encoding" && $0.value == "chunked" }
        let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard let body = try await isChunked ? self.chunks() : self.bytes(length) else { return nil }
        self.server.count { $0.requests += 1 }
        return ScriptedServer.Request(line: lines.first.map(String.init) ?? "", headers: headers, body: body)
    }

    private func chunks() async throws -> [UInt8]? {
        var body: [UInt8] = []
        while let line = try await self.line() {
            guard let length = Int(line, radix: 16), let chunk = try await self.bytes(length),
                try await self.line() == ""
            else { return nil }
            guard length > 0 else { return body }
            body += chunk
        }
        return nil
    }

    private func line() async throws -> String? {
        while true {
            let bytes = self.received.readableBytesView
            if let end = bytes.firstRange(of: Array("\r\n".utf8)) {
                let line = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                self.received.moveReaderIndex(to: end.upperBound)
                return line
            }
            guard try await self.receive() else { return nil }
        }
    }

    private func bytes(_ count: Int) async throws -> [UInt8]? {
        while self.received.readableBytes < count {
            guard try await self.receive() else { return nil }
        }
        return self.received.readBytes(length: count)
    }

    private func receive() async throws -> Bool {
        guard var buffer = try await self.inbound.next(isolation: #isolation) else { return false }
        self.received.writeBuffer(&buffer)
        return true
    }
}
