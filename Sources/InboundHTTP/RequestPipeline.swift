import NIOCore
import NIOHTTP1

/// Turns an error of a handler into what the client is told; nil for errors it does not know.
package typealias ErrorMapping = @Sendable (any Error) -> HTTPProblem?

/// Middleware, router and error handling: takes a request to its answer.
struct RequestPipeline: Sendable {
    /// How far a request comes without waiting.
    enum Progress: Sendable {
        case answered(HTTPResponse)
        case waiting(Rest)
    }

    /// What is left to do for a request that has to wait.
    struct Rest: Sendable {
        /// How many layers have let it pass.
        fileprivate var passed: Int
        /// What the next layer waits for; nil: it is the handler that may wait.
        fileprivate var work: (@Sendable () async throws -> HTTPResponse?)?
    }

    private let middleware: [any Middleware]
    private let mapping: ErrorMapping

    init(middleware: [any Middleware], mapping: @escaping ErrorMapping) {
        self.middleware = middleware
        self.mapping = mapping
    }

    /// Goes on until something has to wait.
    func begin(_ request: HTTPRequest) -> Progress {
        self.advance(request, passed: 0)
    }

    /// The answer to a request that `begin` has left waiting; in the request's task.
    func finish(_ rest: Rest, _ request: HTTPRequest) async -> HTTPResponse {
        var rest = rest
        while true {
            do {
                guard let work = rest.work else {
                    return self.leave(try await Self.handle(request), request, passed: self.middleware.count)
                }
                rest.passed += 1
                if let response = try await work() { return self.leave(response, request, passed: rest.passed) }
            } catch {
                return self.leave(self.response(to: error, for: request), request, passed: rest.passed)
            }
            switch self.advance(request, passed: rest.passed) {
            case .answered(let response): return response
            case .waiting(let more): rest = more
            }
        }
    }

    private func advance(_ request: HTTPRequest, passed: Int) -> Progress {
        var passed = passed
        do {
            while passed < self.middleware.count {
                let layer = self.middleware[passed]
                switch try layer.before(request) {
                case .proceed: passed += 1
                case .answer(let response): return .answered(self.leave(response, request, passed: passed + 1))
                case .wait(let work): return .waiting(Rest(passed: passed, work: work))
                }
            }
            guard let response = try Self.answerAtOnce(request) else {
                return .waiting(Rest(passed: passed, work: nil))
            }
            return .answered(self.leave(response, request, passed: passed))
        } catch {
            // The layer that threw sees the answer too.
            let reached = min(passed + 1, self.middleware.count)
            return .answered(self.leave(self.response(to: error, for: request), request, passed: reached))
        }
    }

    /// Out through the layers that the request has reached.
    private func leave(_ response: HTTPResponse, _ request: HTTPRequest, passed: Int) -> HTTPResponse {
        if passed == 0 { return response }
        var response = response
        for layer in self.middleware[..<passed].reversed() { layer.after(request, &response) }
        return response
    }

    /// The answer of what needs no task; nil when the handler may wait.
    private static func answerAtOnce(_ request: HTTPRequest) throws -> HTTPResponse? {
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
            switch match.route.handler {
            case .immediate(let handler): return try handler(request)
            case .waiting: return nil
            }
        case .notFound: throw HTTPProblem.notFound
        case .methodNotAllowed(let allow): throw HTTPProblem.methodNotAllowed(allow: allow)
        case .options(let allow): return HTTPResponse(status: .noContent, headers: ["allow": allow])
        case .notImplemented: throw HTTPProblem.notImplemented
        case .malformed(let problem): throw problem
        }
    }

    private static func handle(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard case .waiting(let handler)? = request.route?.handler else { throw HTTPProblem.notFound }
        return try await handler(request)
    }

    private func response(to error: any Error, for request: HTTPRequest) -> HTTPResponse {
        let problem: HTTPProblem
        if error is CancellationError {
            // The deadline is what cancels a request whose client is still there, or the end of the server.
            problem = request.context.deadline.hasPassed ? .deadlineExceeded : .shuttingDown
        } else if let known = error as? HTTPProblem ?? self.mapping(error) {
            problem = known
        } else {
            request.context.logger.error("request failed", metadata: ["error": "\(String(reflecting: error))"])
            problem = .internalError
        }
        return problem.response(requestID: request.context.requestID, instance: request.path)
    }
}
