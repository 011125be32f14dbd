import NIOCore
import NIOHTTP1

/// Something that every request passes on its way to its handler, also one that no route answers.
///
/// The route is known already (`request.route`). `next` does not throw, except `CancellationError`: errors below have
/// become answers there, so that fields can be added to those too.
package protocol Middleware: Sendable {
    func handle(_ request: HTTPRequest, next: RouteHandler) async throws -> HTTPResponse
}

/// Turns an error of a handler into what the client is told; nil for errors it does not know.
package typealias ErrorMapping = @Sendable (any Error) -> HTTPProblem?

/// Router, middleware and error handling in one closure, composed once at start.
struct RequestPipeline: Sendable {
    private let chain: RouteHandler
    private let mapping: ErrorMapping

    init(middleware: [any Middleware], mapping: @escaping ErrorMapping) {
        self.mapping = mapping
        var chain: RouteHandler = { request in
            do {
                return try await Self.dispatch(request)
            } catch let error as CancellationError {
                throw error
            } catch {
                return Self.response(to: error, for: request, mapping: mapping)
            }
        }
        for layer in middleware.reversed() {
            let next = chain
            chain = { request in
                do {
                    return try await layer.handle(request, next: next)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    return Self.response(to: error, for: request, mapping: mapping)
                }
            }
        }
        self.chain = chain
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await self.chain(request)
        } catch {
            // The deadline is what cancels a request whose client is still there, or the end of the server.
            let problem: HTTPProblem =
                error is CancellationError
                ? request.context.deadline.hasPassed ? .deadlineExceeded : .shuttingDown : .internalError
            return problem.response(requestID: request.context.requestID, instance: request.path)
        }
    }

    private static func dispatch(_ request: HTTPRequest) async throws -> HTTPResponse {
        switch request.resolution {
        case .matched(let match):
            guard match.unknownQuery.isEmpty else {
                throw HTTPProblem.invalidRequest(
                    "The query has parameters that this route does not know.",
                    errors: match.unknownQuery.map { .init(pointer: $0, message: "unknown query parameter") }
                )
            }
            if let declared = request.body.declaredLength, declared > request.body.limit {
                throw HTTPProblem.bodyTooLarge(limit: request.body.limit)
            }
            return try await match.route.handler(request)
        case .notFound: throw HTTPProblem.notFound
        case .methodNotAllowed(let allow): throw HTTPProblem.methodNotAllowed(allow: allow)
        case .options(let allow): return HTTPResponse(status: .noContent, headers: ["allow": allow])
        case .notImplemented: throw HTTPProblem.notImplemented
        case .malformed(let problem): throw problem
        }
    }

    private static func response(
        to error: any Error,
        for request: HTTPRequest,
        mapping: ErrorMapping
    ) -> HTTPResponse {
        let problem: HTTPProblem
        if let known = error as? HTTPProblem ?? mapping(error) {
            problem = known
        } else {
            request.context.logger.error("request failed", metadata: ["error": "\(String(reflecting: error))"])
            problem = .internalError
        }
        return problem.response(requestID: request.context.requestID, instance: request.path)
    }
}
