import NIOHTTP1

/// Answers one request.
///
/// Thrown errors become problems (`HTTPServer` says how).
package typealias RouteHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// Answers one request without waiting for anything: the request then needs no task of its own.
package typealias ImmediateRouteHandler = @Sendable (HTTPRequest) throws -> HTTPResponse

/// One method of one path, and everything known about it before a request comes.
package final class Route: Sendable {
    enum Handler: Sendable {
        case waiting(RouteHandler)
        case immediate(ImmediateRouteHandler)
    }

    package let method: HTTPMethod
    /// As registered, parameters in braces: the name of the route in logs, metrics and the API description.
    package let template: String
    package let access: RouteAccess
    package let operation: OperationDescription
    /// Query parameters the route understands; nil accepts any.
    package let allowedQuery: Set<String>?
    /// Nil: the server's limit.
    package let bodyLimit: Int?
    /// Nil: the server's deadline.
    package let deadline: Duration?
    let pattern: RoutePattern
    let handler: Handler
    /// Place in `FrozenRouter.routes`; figures kept per route are found by it.
    let index: Int

    init(
        method: HTTPMethod,
        pattern: RoutePattern,
        access: RouteAccess,
        operation: OperationDescription,
        allowedQuery: Set<String>?,
        bodyLimit: Int?,
        deadline: Duration?,
        index: Int,
        handler: Handler
    ) {
        self.method = method
        self.template = pattern.template
        self.access = access
        self.operation = operation
        self.allowedQuery = allowedQuery
        self.bodyLimit = bodyLimit
        self.deadline = deadline
        self.pattern = pattern
        self.index = index
        self.handler = handler
    }
}

/// Collects routes; `frozen()` checks them and makes the form requests are matched against.
package struct Router: Sendable {
    package private(set) var routes: [Route] = []
    private var firstError: RouterError?

    package init() {}

    /// Adds a route.
    ///
    /// `path` consists of literal segments, `{name}` (one segment), `{name:int}` (digits only) and, last, `{name...}`
    /// (all the rest, slashes included). At each place a literal wins over digits, digits over any segment, a segment
    /// over the rest. HEAD is answered by the GET route and OPTIONS by the router unless registered.  The operation's
    /// query parameters are allowed without being repeated in `allowedQuery`. Mistakes are reported by `frozen()`.
    package mutating func add(
        _ method: HTTPMethod,
        _ path: String,
        access: RouteAccess,
        _ operation: OperationDescription,
        allowedQuery: [String]? = [],
        bodyLimit: Int? = nil,
        deadline: Duration? = nil,
        handler: @escaping RouteHandler
    ) {
        self.add(method, path, access, operation, allowedQuery, bodyLimit, deadline, .waiting(handler))
    }

    /// Adds a route whose handler does not wait.
    package mutating func add(
        _ method: HTTPMethod,
        _ path: String,
        access: RouteAccess,
        _ operation: OperationDescription,
        allowedQuery: [String]? = [],
        immediateHandler: @escaping ImmediateRouteHandler
    ) {
        self.add(method, path, access, operation, allowedQuery, nil, nil, .immediate(immediateHandler))
    }

    private mutating func add(
        _ method: HTTPMethod,
        _ path: String,
        _ access: RouteAccess,
        _ operation: OperationDescription,
        _ allowedQuery: [String]?,
        _ bodyLimit: Int?,
        _ deadline: Duration?,
        _ handler: Route.Handler
    ) {
        do {
            let described = operation.parameters.lazy.filter { $0.location == .query }.map(\.name)
            self.routes.append(
                Route(
                    method: method,
                    pattern: try RoutePattern(path),
                    access: access,
                    operation: operation,
                    allowedQuery: allowedQuery.map { Set($0).union(described) },
                    bodyLimit: bodyLimit,
                    deadline: deadline,
                    index: self.routes.count,
                    handler: handler
                )
            )
        } catch {
            self.firstError = self.firstError ?? error
        }
    }

    /// Throws when a path is malformed or two routes would answer the same requests.
    package func frozen() throws(RouterError) -> FrozenRouter {
        if let firstError { throw firstError }
        return try FrozenRouter(routes: self.routes)
    }
}

/// A mistake in the route table.
package struct RouterError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case malformedPath
        case ambiguous
    }

    package let code: Code
    package let message: String

    package var description: String { self.message }
}
