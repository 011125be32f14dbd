import Concurrency
import Reactor

/// Resolves host names off the reactor, and remembers the last good answer for the time the resolver is away.
struct HostResolver: Sendable {
    private struct Answer {
        let addresses: [HostAddress]
        let at: ContinuousClock.Instant
    }

    private final class Answers: Sendable {
        let byHost = Locked<[String: Answer]>([:])
    }

    /// How old an answer may be that stands in for a resolver that fails: connections end and are opened again all
    /// the time, and that must not stop because of the resolver.
    private static let staleLimit = Duration.seconds(3600)

    private let threads: DialThreads
    /// As many as the client has origins.
    private let answers = Answers()

    init(threads: DialThreads) {
        self.threads = threads
    }

    /// - Throws: `HTTPClientError` with `resolve`, `timeout(.connect)` or `unavailable`; `CancellationError`.
    func addresses(of host: String, deadline: Deadline) async throws -> [HostAddress] {
        do {
            let addresses = try await self.threads.addresses(of: host, deadline: deadline)
            self.answers.byHost.withLock { $0[host] = Answer(addresses: addresses, at: .now) }
            return addresses
        } catch let error as ReactorError {
            if error.isTemporary, let answer = self.answers.byHost.withLock({ $0[host] }),
                answer.at.duration(to: .now) < Self.staleLimit
            {
                return answer.addresses
            }
            throw HTTPClientError(error.clientCode, error.message, cause: error)
        }
    }
}

extension ReactorError {
    /// Whether the name may well exist: the resolver has said nothing about it.
    fileprivate var isTemporary: Bool {
        switch self.code {
        case .unknownHost(let temporary): temporary
        case .deadlineExceeded, .overloaded: true
        case .system, .alreadyRegistered, .notRegistered, .stopped: false
        }
    }

    fileprivate var clientCode: HTTPClientError.Code {
        switch self.code {
        case .unknownHost: .resolve
        case .deadlineExceeded: .timeout(.connect)
        case .system, .alreadyRegistered, .notRegistered, .overloaded, .stopped: .unavailable
        }
    }
}
