import InboundHTTP
import NIOCore
import NIOHTTP1
import Testing

struct UpgradeTests {
    /// Sends back what it gets, and what was sent too early as well.
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(data, promise: nil)
        }
    }

    private static let routes: @Sendable (inout Router) -> Void = { router in
        addTestRoutes(&router)
        router.add(.GET, "/echo-protocol", access: .public, operation("upgrade")) { _ in
            .upgrade(headers: ["upgrade": "echo"]) { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
        }
    }

    private static let request =
        "GET /echo-protocol HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n"

    @Test(arguments: [true, false])
    func `a connection is handed over with the bytes that came early`(inOneWrite: Bool) async throws {
        try await withServer(Self.routes) { port, server in
            let client = try RawClient(port: port)
            let large = String(repeating: "early", count: 10_000)
            try client.send(Self.request + (inOneWrite ? large : ""))
            var leftover: [UInt8] = []
            let response = try #require(try await client.response(leftover: &leftover))
            #expect(response.status == 101)
            #expect(response["connection"] == "Upgrade")
            #expect(response["upgrade"] == "echo")
            if !inOneWrite { try client.send(large) }
            while leftover.count < large.utf8.count, let bytes = try await client.read() { leftover += bytes }
            #expect(leftover == Array(large.utf8))
            try client.send("late")
            #expect(try await client.read() == Array("late".utf8))
            #expect(server.openConnections == 0)
        }
    }

    @Test func `an upgrade may follow other requests on its connection`() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n" + Self.request + "hello")
            var leftover: [UInt8] = []
            #expect(try await client.response(leftover: &leftover)?.text == "ok")
            #expect(try await client.response(leftover: &leftover)?.status == 101)
            while leftover.count < 5, let bytes = try await client.read() { leftover += bytes }
            #expect(leftover == Array("hello".utf8))
        }
    }

    @Test func `a route that speaks another protocol only says so`() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /echo-protocol HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try #require(try await client.response())
            #expect(response.status == 426)
            #expect(response["upgrade"] == "echo")
        }
    }
}
