import JSON
import NIOCore
import NIOHTTP1

/// A request as handlers and middleware see it: parsed, validated, and matched to a route.
///
/// A class, because it is passed on by every layer between the connection and the handler.
package final class HTTPRequest: Sendable {
    package let head: HTTPRequestHead
    /// Nil when the target belongs to no route, the method is not served there, or the answer is automatic.
    package let route: Route?
    package let parameters: PathParameters
    package let query: QueryParameters
    package let body: RequestBody
    package let context: RequestContext
    let resolution: RouteResolution

    package var method: HTTPMethod { self.head.method }
    package var target: String { self.head.uri }
    package var headers: HTTPHeaders { self.head.headers }
    /// The path of the target as it was sent, still percent-encoded.
    package var path: String { RequestTarget.path(of: self.head.uri) }

    init(head: HTTPRequestHead, resolution: RouteResolution, body: RequestBody, context: RequestContext) {
        self.head = head
        self.resolution = resolution
        self.body = body
        self.context = context
        if case .matched(let match) = resolution {
            self.route = match.route
            self.parameters = match.parameters
            self.query = match.query
        } else {
            self.route = nil
            self.parameters = PathParameters()
            self.query = QueryParameters()
        }
    }

    /// A request that did not come over a socket, resolved by `router`: for calling handlers and middleware directly.
    package convenience init(
        method: HTTPMethod,
        target: String,
        headers: HTTPHeaders = [:],
        body: ByteBuffer = ByteBuffer(),
        context: RequestContext,
        router: FrozenRouter
    ) {
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers)
        self.init(
            head: head,
            resolution: router.resolve(method: method, target: target),
            body: RequestBody(complete: body, limit: .max),
            context: context
        )
    }

    /// The body as JSON bytes: 415 unless declared `application/json` or `…+json`, 413 beyond the route's limit.
    package func jsonBody() async throws -> ByteBuffer {
        guard let declared = self.headers.first(name: "content-type"), Self.isJSON(declared) else {
            throw HTTPProblem.unsupportedMediaType(expected: "application/json")
        }
        return try await self.body.collect()
    }

    static func isJSON(_ mediaType: String) -> Bool {
        let essence = mediaType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        return essence == "application/json" || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
    }
}
