import Concurrency
import Logging
import NIOCore

/// Who is asking, once authentication has found out.
package protocol RequestPrincipal: Sendable {
    var name: String { get }
}

/// What belongs to a request but is not HTTP: identity, origin, time allowed.
package final class RequestContext: Sendable {
    /// As sent by the client when it was fit to be logged, else made here.
    package let requestID: String
    /// W3C trace context for calls made on behalf of this request: the client's trace, a span of ours.
    package let traceContext: TraceContext?
    /// The client's address without port; behind a trusted proxy the one the proxy vouches for.
    package let remoteAddress: String
    package let isLoopback: Bool
    package let isSecure: Bool
    /// Every wait on behalf of this request ends here.
    package let deadline: Deadline
    package let eventLoop: any EventLoop
    private let baseLogger: Logger
    private let state = Locked<(any RequestPrincipal)?>(nil)

    package init(
        requestID: String,
        traceContext: TraceContext? = nil,
        remoteAddress: String,
        isLoopback: Bool = false,
        isSecure: Bool = false,
        deadline: Deadline,
        eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.requestID = requestID
        self.traceContext = traceContext
        self.remoteAddress = remoteAddress
        self.isLoopback = isLoopback
        self.isSecure = isSecure
        self.deadline = deadline
        self.eventLoop = eventLoop
        self.baseLogger = logger
    }

    package var traceParent: String? { self.traceContext?.header }

    /// Carries the request's id; made anew at each use, so keep it in a constant when logging more than once.
    package var logger: Logger {
        var logger = self.baseLogger
        logger[metadataKey: "request.id"] = .string(self.requestID)
        if let traceContext { logger[metadataKey: "trace.id"] = .string(traceContext.traceID) }
        return logger
    }

    package var principal: (any RequestPrincipal)? { self.state.withLock { $0 } }

    /// Keeps the first principal it is given: who a request speaks for cannot change half-way.
    ///
    /// Returns whether it did.
    @discardableResult
    package func authenticate(_ principal: any RequestPrincipal) -> Bool {
        self.state.withLock { current in
            guard current == nil else { return false }
            current = principal
            return true
        }
    }
}
