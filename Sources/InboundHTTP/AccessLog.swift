/// Where the access log goes: one line for each answer.
package protocol AccessLog: Sendable {
    /// Called on the request's event loop once its answer is written; must not wait.
    func record(_ request: AnsweredRequest)
}

/// What the access log says of a request.
package struct AnsweredRequest: Sendable {
    package let status: Int
    package let microseconds: Int
    /// Of the content, without head and framing.
    package let responseBytes: Int
    /// Nil, as is `path`, when no head could be read.
    package let method: String?
    /// Without the query, which may hold a ticket.
    package let path: String?
    /// The route's template; nil when no route was found.
    package let route: String?
    package let requestID: String?
    /// The client's address.
    package let peer: String?
    package let traceID: String?
    /// The name of the principal.
    package let user: String?

    package init(
        status: Int,
        microseconds: Int,
        responseBytes: Int = 0,
        method: String? = nil,
        path: String? = nil,
        route: String? = nil,
        requestID: String? = nil,
        peer: String? = nil,
        traceID: String? = nil,
        user: String? = nil
    ) {
        self.status = status
        self.microseconds = microseconds
        self.responseBytes = responseBytes
        self.method = method
        self.path = path
        self.route = route
        self.requestID = requestID
        self.peer = peer
        self.traceID = traceID
        self.user = user
    }
}
