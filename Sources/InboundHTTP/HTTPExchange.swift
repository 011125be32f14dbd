import NIOCore
import NIOHTTP1

/// One request on its way to its answer.
///
/// Lives on the connection's event loop.
final class HTTPExchange {
    /// Nil when no head could be read.
    let head: HTTPRequestHead?
    let rules: RequestHeadRules?
    let resolution: RouteResolution
    let body: RequestBodyStream?
    let bodyLimit: Int
    /// Answered with this instead of the handler's answer.
    let rejection: HTTPProblem?
    let arrivedAt: NIODeadline
    var bodyBytes = 0

    var context: RequestContext?
    /// Held to cancel it.
    var task: Task<Void, Never>?
    var gate: ResponseGate?
    var keepsAlive = false
    /// An answer has been begun; whatever the handler returns later is dropped.
    var isAnswered = false
    var status = HTTPResponseStatus.ok
    /// When the head of the answer was written.
    var answeredAt = NIODeadline.distantFuture
    var responseBytes = 0

    init(
        head: HTTPRequestHead?,
        rules: RequestHeadRules?,
        resolution: RouteResolution,
        body: RequestBodyStream?,
        bodyLimit: Int,
        rejection: HTTPProblem?,
        arrivedAt: NIODeadline
    ) {
        self.head = head
        self.rules = rules
        self.resolution = resolution
        self.body = body
        self.bodyLimit = bodyLimit
        self.rejection = rejection
        self.arrivedAt = arrivedAt
    }

    var isHead: Bool { self.head?.method == .HEAD }

    var isVersion11: Bool { self.head?.version == .http1_1 }
}
