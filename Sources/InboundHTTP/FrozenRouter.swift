import NIOHTTP1

/// The route table in the form requests are matched against.
package final class FrozenRouter: Sendable {
    private struct Path: Sendable {
        var routes: [Route]
        var allow: String
    }

    package let routes: [Route]
    private let trie: RouteTrie
    private let paths: [Path]
    /// Registered beyond those that every server knows.
    private let otherMethods: [HTTPMethod]
    private let allowAnywhere: String

    init(routes: [Route]) throws(RouterError) {
        var trie = RouteTrie()
        var paths: [Path] = []
        for route in routes {
            guard let existing = trie.insert(route.pattern.parts, value: paths.count) else {
                paths.append(Path(routes: [route], allow: ""))
                continue
            }
            if let rival = paths[existing].routes.first(where: { $0.method == route.method }) {
                throw RouterError(
                    code: .ambiguous,
                    message: "\(route.method) \(route.template) answers the same requests as \(rival.template)"
                )
            }
            paths[existing].routes.append(route)
        }
        for index in paths.indices {
            paths[index].allow = Self.allow(paths[index].routes.map(\.method))
        }
        self.routes = routes
        self.trie = trie
        self.paths = paths
        self.allowAnywhere = Self.allow(routes.map(\.method))
        self.otherMethods = routes.map(\.method)
    }

    /// What becomes of a request with this method and target.
    ///
    /// The most specific path decides, whatever its methods.
    func resolve(method: HTTPMethod, target: String) -> RouteResolution {
        guard self.serves(method) else { return .notImplemented }
        if target == "*" {
            return method == .OPTIONS
                ? .options(allow: self.allowAnywhere) : .malformed(.invalidRequest("Only OPTIONS takes the target *."))
        }
        var captures: [Range<Int>] = []
        do throws(HTTPProblem) {
            let parsed = try RequestTarget(target)
            guard let index = parsed.find(in: self.trie, captures: &captures) else { return .notFound }
            let path = self.paths[index]
            guard let route = Self.route(for: method, in: path.routes) else {
                return method == .OPTIONS ? .options(allow: path.allow) : .methodNotAllowed(allow: path.allow)
            }
            return .matched(try RouteMatch(route: route, target: parsed, captures: captures))
        } catch {
            return .malformed(error)
        }
    }

    private func serves(_ method: HTTPMethod) -> Bool {
        switch method {
        case .GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS: true
        default: self.otherMethods.contains(method)
        }
    }

    private static func route(for method: HTTPMethod, in routes: [Route]) -> Route? {
        for route in routes where route.method == method { return route }
        return method == .HEAD ? routes.first { $0.method == .GET } : nil
    }

    private static func allow(_ methods: [HTTPMethod]) -> String {
        var names = Set(methods.map(\.rawValue))
        if names.contains("GET") { names.insert("HEAD") }
        names.insert("OPTIONS")
        return names.sorted().joined(separator: ", ")
    }
}

/// What the router found for a request.
enum RouteResolution: Sendable {
    case matched(RouteMatch)
    case notFound
    case methodNotAllowed(allow: String)
    case options(allow: String)
    case notImplemented
    indirect case malformed(HTTPProblem)

    var route: Route? {
        if case .matched(let match) = self { return match.route }
        return nil
    }
}

/// A route and what the target says to it.
final class RouteMatch: Sendable {
    let route: Route
    let parameters: PathParameters
    let query: QueryParameters
    /// Names that the route does not know: answered with 400 after authentication, before the handler.
    let unknownQuery: [String]

    init(route: Route, target: RequestTarget, captures: [Range<Int>]) throws(HTTPProblem) {
        self.route = route
        self.parameters = PathParameters(names: route.pattern.parameterNames, captures: captures, of: target)
        self.query = try QueryParameters(target.query)
        if let allowed = route.allowedQuery, !self.query.isEmpty {
            self.unknownQuery = self.query.names.filter { !allowed.contains($0) }
        } else {
            self.unknownQuery = []
        }
    }
}
