import Concurrency
import Logging
import Pooling
import Reactor
import ServiceLifecycle

/// An HTTP/1.1 client for a fixed list of origins, with a pool of connections to each.
///
/// It never repeats a request, follows no redirect, keeps no cookie and talks to nobody but its origins. `run()` keeps
/// the pools; requests made before wait for it within their deadline. All methods may be called from anywhere.
package final class HTTPClient: Service, Sendable {
    private let settings: HTTPClientSettings
    private let origins: [HTTPOrigin: OriginPool]

    /// In the order of the origins.
    package let pools: [any ObservablePool]

    /// The pool of the first origin has the name given, the others that name and a number: `tws.default.1`.
    ///
    /// - Throws: `invalidRequest` when an origin is no http or https URL or comes twice.
    package init(
        origins urls: [String],
        settings: HTTPClientSettings,
        poolName: String,
        reactor: Reactor,
        dialThreads: DialThreads,
        logger: Logger
    ) throws(HTTPClientError) {
        let resolver = HostResolver(threads: dialThreads)
        var origins: [HTTPOrigin: OriginPool] = [:]
        var pools: [any ObservablePool] = []
        for url in urls {
            let origin = try HTTPOrigin(url: url)
            guard origins[origin] == nil else {
                throw HTTPClientError(.invalidRequest, "the origin \(origin) is listed twice")
            }
            let pool = try OriginPool(
                origin: origin,
                name: pools.isEmpty ? poolName : "\(poolName).\(pools.count)",
                role: pools.isEmpty ? "primary" : "backup",
                settings: settings,
                reactor: reactor,
                resolver: resolver,
                logger: logger
            )
            origins[origin] = pool
            pools.append(pool.pool)
        }
        self.settings = settings
        self.origins = origins
        self.pools = pools
    }

    /// Keeps the pools until cancelled or shut down gracefully, then closes the connections.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for origin in self.origins.values {
                group.addTask { try await origin.pool.run() }
            }
            try await group.waitForAll()
        }
    }

    /// Makes a request and collects the whole response.
    ///
    /// The time is bounded by `deadline` and the total timeout, whichever is earlier. Cancelling closes the connection.
    ///
    /// - Throws: `HTTPClientError`; `CancellationError`.
    package func execute(_ request: HTTPClientRequest, deadline: Deadline) async throws -> HTTPClientResponse {
        let curlRequest = try CurlRequest(request, settings: self.settings, isStreamed: false)
        let deadline = deadline.limited(to: self.settings.totalTimeout)
        return try await self.withConnection(for: request, curlRequest, deadline) { connection in
            try await connection.respond(to: curlRequest, deadline: deadline)
        }
    }

    /// Makes a request and hands over its response as it comes; what `onBody` has not taken holds the server back.
    ///
    /// The time is bounded by `deadline` alone, so that a log can be followed, and each silence by the read timeout. An
    /// error of a closure ends the request, closes the connection and is thrown.
    ///
    /// - Throws: `HTTPClientError`; `CancellationError`; what the closures throw.
    @discardableResult
    package func stream(
        _ request: HTTPClientRequest,
        deadline: Deadline,
        onHead: (HTTPResponseHead) async throws -> Void,
        onBody: ([UInt8]) async throws -> Void
    ) async throws -> HTTPTimings {
        let curlRequest = try CurlRequest(request, settings: self.settings, isStreamed: true)
        return try await self.withConnection(for: request, curlRequest, deadline) { connection in
            let id = HTTPConnection.ExchangeID()
            do {
                try await onHead(connection.beginStream(curlRequest, id, deadline: deadline))
                while true {
                    switch try await connection.next(id) {
                    case .chunk(let bytes): try await onBody(bytes)
                    case .end(let timings): return timings
                    case .head, .response: continue
                    }
                }
            } catch {
                await connection.abandon(id)
                throw error
            }
        }
    }

    private func withConnection<Result: Sendable>(
        for request: HTTPClientRequest,
        _ curlRequest: CurlRequest,
        _ deadline: Deadline,
        _ body: (HTTPConnection) async throws -> Result
    ) async throws -> Result {
        guard let origin = self.origins[curlRequest.url.origin] else {
            throw HTTPClientError(.invalidRequest, "\(curlRequest.url.origin) is no origin of this client")
        }
        let owner = LeaseOwner(request.owner, requestID: request.requestID)
        do {
            return try await origin.pool.withConnection(owner: owner, deadline: deadline) { connection in
                try await body(connection)
            }
        } catch let error as PoolError {
            // Why there is no connection says more than that there is none.
            let code = (error.cause as? HTTPClientError)?.code ?? .pool
            throw HTTPClientError(code, error.message, cause: error)
        }
    }
}
