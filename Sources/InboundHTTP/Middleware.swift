/// Something that every request passes on its way to its handler, also one that no route answers, and every answer on
/// its way back.
///
/// The route is known already (`request.route`). In two steps, not around the handler, so that a request whose handler
/// does not wait passes without a task.
package protocol Middleware: Sendable {
    /// Before the handler; a thrown error is answered as one of the handler's would be.
    func before(_ request: HTTPRequest) throws -> MiddlewareStep

    /// With the answer, whoever gave it: the handler, an error, or `before` of this or of one further inside.
    func after(_ request: HTTPRequest, _ response: inout HTTPResponse)
}

extension Middleware {
    package func after(_ request: HTTPRequest, _ response: inout HTTPResponse) {}
}

/// What `Middleware.before` decides.
package enum MiddlewareStep: Sendable {
    case proceed
    case answer(HTTPResponse)
    /// It takes longer: what the closure returns is the answer, nil lets the request go on.
    case wait(@Sendable () async throws -> HTTPResponse?)
}
