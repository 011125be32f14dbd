import Concurrency
import Logging
import NIOCore
import NIOPosix
import Pooling
import Reactor
import Testing

@testable import OutboundHTTP

/// Runs `body` with a client and its pools, reactor and dial threads; all are over when it returns.
func withClient(
    _ origins: String...,
    settings: HTTPClientSettings = .forTests,
    _ body: (HTTPClient) async throws -> Void
) async throws {
    try await withClient(origins, settings: settings) { client, _ in try await body(client) }
}

/// Runs `body` with the client's reactor besides.
func withClient(
    _ origins: [String],
    settings: HTTPClientSettings = .forTests,
    _ body: (HTTPClient, Reactor) async throws -> Void
) async throws {
    let reactor = try Reactor(name: "test")
    try reactor.start()
    let dialThreads = try DialThreads(reactor: reactor, threads: 1)
    defer {
        dialThreads.stop()
        reactor.stop()
    }
    let client = try HTTPClient(
        origins: origins,
        settings: settings,
        poolName: "test",
        reactor: reactor,
        dialThreads: dialThreads,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            do { try await client.run() } catch is CancellationError {}
        }
        defer { group.cancelAll() }
        try await body(client, reactor)
    }
    #expect(reactor.statistics.descriptors == 0, "a socket was left behind")
}

extension HTTPClientSettings {
    /// Connections are opened by the requests themselves, one at most.
    static var forTests: Self { .forTests(maxSize: 1) }

    static func forTests(maxSize: Int, probe: Probe? = nil) -> Self {
        var settings = Self()
        settings.pool = PoolSettings(minSize: 0, maxSize: maxSize)
        settings.probe = probe
        // Limits that only end a hang; a test of one sets its own.
        settings.pool.acquireTimeout = .seconds(60)
        settings.pool.connectTimeout = .seconds(60)
        settings.connectTimeout = .seconds(60)
        settings.readTimeout = .seconds(60)
        settings.totalTimeout = .seconds(120)
        return settings
    }

    func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

extension HTTPClient {
    func get(
        _ url: String,
        headers: HTTPHeaderFields = [],
        deadline: Deadline = .after(.seconds(90))
    ) async throws -> HTTPClientResponse {
        try await self.execute(HTTPClientRequest(url: url, headers: headers, owner: "test"), deadline: deadline)
    }

    func post(_ url: String, _ body: [UInt8]?) async throws -> HTTPClientResponse {
        try await self.execute(
            HTTPClientRequest(method: "POST", url: url, body: body, owner: "test"),
            deadline: .after(.seconds(90))
        )
    }

    /// The error of a request that has to fail.
    func failure(_ url: String, deadline: Deadline = .after(.seconds(90))) async -> HTTPClientError? {
        await #expect(throws: HTTPClientError.self) { try await self.get(url, deadline: deadline) }
    }
}

extension HTTPClientResponse {
    var text: String { String(decoding: self.body, as: UTF8.self) }
}

/// Takes nothing for a while, as a slow consumer does.
func pause(for duration: TimeAmount) async throws {
    try await MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: duration) {}.futureResult.get()
}

/// Waits for something that another thread brings about and that has no event of its own.
func eventually(within limit: Duration = .seconds(60), _ condition: () -> Bool) async -> Bool {
    let deadline = Deadline.after(limit)
    while !condition() {
        // Not a loop of yields, which would keep a thread of the pool from those who are to bring it about.
        guard !deadline.hasPassed, (try? await pause(for: .milliseconds(2))) != nil else { return false }
    }
    return true
}
