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
        let origin = try self.origin(of: curlRequest)
        return try await origin.metrics.measure {
            try await Self.withConnection(of: origin, for: request, deadline) { connection in
                try await Self.exchange(curlRequest, on: connection, isStreamed: false, deadline) { _, progress in
                    guard case .response(let response) = progress else { throw Self.noResponse }
                    return response
                }
            }
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
        return try await Self.withConnection(of: self.origin(of: curlRequest), for: request, deadline) { connection in
            try await Self.exchange(curlRequest, on: connection, isStreamed: true, deadline) { id, first in
                var progress = first
                while true {
                    switch progress {
                    case .head(let head): try await onHead(head)
                    case .chunk(let bytes): try await onBody(bytes)
                    case .end(let timings): return timings
                    case .response(let response): return response.timings
                    }
                    progress = try await connection.next(id)
                }
            }
        }
    }

    /// Makes an exchange, sending the request's body beside receiving the response when it is still to be made.
    private static func exchange<Result: Sendable>(
        _ request: CurlRequest,
        on connection: HTTPConnection,
        isStreamed: Bool,
        _ deadline: Deadline,
        _ body: (HTTPConnection.ExchangeID, HTTPConnection.Progress) async throws -> Result
    ) async throws -> Result {
        let id = HTTPConnection.ExchangeID()
        do {
            guard case .stream(let source) = request.body else {
                return try await body(id, connection.exchange(request, id, isStreamed: isStreamed, deadline))
            }
            try await connection.start(request, id, isStreamed: isStreamed, deadline)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await Self.send(source, on: connection, id) }
                defer { group.cancelAll() }
                return try await body(id, connection.next(id))
            }
        } catch {
            await connection.forget(id)
            throw error
        }
    }

    /// Sends the body of an exchange, as fast as the server takes it, until its end or the exchange's.
    private static func send(
        _ body: HTTPBodyStream,
        on connection: HTTPConnection,
        _ id: HTTPConnection.ExchangeID
    ) async {
        do {
            while let bytes = try await body.next() {
                guard await connection.give(bytes, id) else { return }
            }
            await connection.giveEnd(id)
        } catch {
            await connection.abandon(id, error)
        }
    }

    /// Cannot happen: a collected exchange ends with a response or an error.
    private static var noResponse: HTTPClientError {
        HTTPClientError(.unavailable, "the exchange ended without a response", requestWasSent: true)
    }

    private func origin(of request: CurlRequest) throws(HTTPClientError) -> OriginPool {
        guard let origin = self.origins[request.url.origin] else {
            throw HTTPClientError(.invalidRequest, "\(request.url.origin) is no origin of this client")
        }
        return origin
    }

    private static func withConnection<Result: Sendable>(
        of origin: OriginPool,
        for request: HTTPClientRequest,
        _ deadline: Deadline,
        _ body: (HTTPConnection) async throws -> Result
    ) async throws -> Result {
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
