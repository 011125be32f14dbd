import Concurrency
import Logging
import NIOCore
import Synchronization

/// What all connections of a server share and may read from any event loop.
final class HTTPServerState: Sendable {
    enum Phase: Int {
        case serving
        /// Answers announce that their connection closes.
        case draining
        /// New requests are refused.
        case refusing
    }

    let settings: HTTPServerSettings
    let router: FrozenRouter
    let pipeline: RequestPipeline
    let proxies: TrustedProxies
    let observation: RequestObservation
    let logger: Logger
    /// `settings.responseHeaders` as they stand in every head.
    let responseFields: [UInt8]
    let runningRequests = Tally()
    let connections = Tally()
    private let phaseValue = Atomic<Int>(Phase.serving.rawValue)

    init(
        settings: HTTPServerSettings,
        router: FrozenRouter,
        pipeline: RequestPipeline,
        logger: Logger,
        accessLog: (any AccessLog)?
    ) throws(HTTPServerError) {
        self.settings = settings
        self.router = router
        self.pipeline = pipeline
        self.proxies = try TrustedProxies(settings.trustedProxies)
        self.observation = RequestObservation(routes: router.routes, accessLog: accessLog)
        self.logger = logger
        var fields: [UInt8] = []
        for (name, value) in settings.responseHeaders {
            guard ResponseEncoding.mayWrite(name: name, value: value) else {
                throw HTTPServerError(.invalidSettings, "\(name): \(value) cannot be a field of every answer")
            }
            ResponseEncoding.writeField(name, value, into: &fields)
        }
        self.responseFields = fields
    }

    var phase: Phase { Phase(rawValue: self.phaseValue.load(ordering: .relaxed)) ?? .refusing }

    func enter(_ phase: Phase) {
        self.phaseValue.store(phase.rawValue, ordering: .relaxed)
    }

    func recordRunning() {
        self.observation.record(running: self.runningRequests.count, connections: self.connections.count)
    }
}
