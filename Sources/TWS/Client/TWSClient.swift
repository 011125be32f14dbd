import Concurrency
import JSON
import Logging
import Metrics
import OutboundHTTP
import Resilience

/// One engine of HCL Workload Automation, spoken to through its REST API V2.
///
/// A call goes to the master that answered last and on a connection error to the next, once around. What may be repeated
/// is repeated within the retry budget; one circuit breaker guards the engine. Every error but cancellation is a
/// ``TWSError``.
package final class TWSClient: Sendable {
    package let settings: TWSEngineSettings
    package let clock: EngineClock
    package let breaker: CircuitBreaker
    let logLimit: ConcurrencyLimit
    let http: HTTPClient
    let masters: [TWSMaster]
    let failover: Locked<TWSMastersStateMachine>
    let lastContact = Locked<Contact>(Contact())
    private let budget: RetryBudget
    let timing: Timing
    private let logger: Logger
    private let calls: Timer

    /// `http` is a client for ``TWSEngineSettings/origins`` and runs as a service of its own.
    package init(
        settings: TWSEngineSettings,
        http: HTTPClient,
        clock: EngineClock = EngineClock(),
        timing: Timing = .system,
        logger: Logger
    ) {
        self.settings = settings
        self.http = http
        self.clock = clock
        self.timing = timing
        self.logger = logger
        self.masters = settings.urls.map(TWSMaster.init)
        self.failover = Locked(TWSMastersStateMachine(count: settings.urls.count))
        self.budget = RetryBudget(timing: timing)
        self.breaker = CircuitBreaker(
            name: "tws.\(settings.name)",
            settings: settings.breaker,
            timing: timing,
            logger: logger
        )
        self.logLimit = ConcurrencyLimit(
            name: "tws.\(settings.name).logs",
            maximum: settings.maximumLogRequests,
            maximumWaiting: 64
        )
        self.calls = Timer(label: "resync_tws_call_seconds", dimensions: [("engine", settings.name)])
    }

    /// Makes a call with retries and reads its answer as JSON.
    func send(_ call: TWSCall, deadline: Deadline, requestID: String? = nil) async throws -> TWSAnswer {
        let response = try await self.retrying(call, deadline: deadline) {
            try await self.attempt(call, deadline: deadline, requestID: requestID)
        }
        do {
            return TWSAnswer(document: try JSONDocument(parsing: response.body))
        } catch {
            throw TWSError(
                code: .malformedAnswer,
                httpStatus: response.status,
                message: "\(call.operation): \(error.message)",
                mayHaveBeenExecuted: true,
                cause: error
            )
        }
    }

    /// Makes a call whose answer may be empty or no JSON: that it was accepted is what counts.
    func sendForReceipt(_ call: TWSCall, deadline: Deadline, requestID: String?) async throws -> TWSAnswer? {
        let response = try await self.retrying(call, deadline: deadline) {
            try await self.attempt(call, deadline: deadline, requestID: requestID)
        }
        // The engine has acted: an answer that cannot be read must not look like a failure.
        return (try? JSONDocument(parsing: response.body)).map(TWSAnswer.init)
    }

    private func retrying(
        _ call: TWSCall,
        deadline: Deadline,
        _ body: () async throws -> HTTPClientResponse
    ) async throws -> HTTPClientResponse {
        let start = self.timing.now()
        defer { self.calls.recordNanoseconds(Int64(start.duration(to: self.timing.now()) / .nanoseconds(1))) }
        return try await self.settings.retry.run(
            idempotent: call.idempotent,
            deadline: deadline,
            budget: self.budget,
            timing: self.timing,
            classify: TWSError.failureClass
        ) { _ in try await body() }
    }

    private func attempt(
        _ call: TWSCall,
        deadline: Deadline,
        requestID: String?
    ) async throws -> HTTPClientResponse {
        let bounded = deadline.limited(to: self.settings.requestTimeout)
        return try await self.guarded(call, deadline: bounded) { master in
            let request = call.request(
                master: master,
                credentials: self.settings.credentials,
                requestID: requestID
            )
            let response = try await self.http.execute(request, deadline: bounded)
            self.clock.observe(dateHeader: response.headers["Date"])
            guard (200..<300).contains(response.status) else {
                throw TWSErrorBody.error(
                    status: response.status,
                    body: response.body,
                    retryAfter: response.headers["Retry-After"],
                    operation: call.operation
                )
            }
            return response
        }
    }

    /// Through the breaker to the first master that can be reached.
    private func guarded<Result: Sendable>(
        _ call: TWSCall,
        deadline: Deadline,
        _ body: (TWSMaster) async throws -> Result
    ) async throws -> Result {
        do {
            return try await self.breaker.call(classify: TWSError.failureClass) {
                try await self.onAnyMaster(call, deadline: deadline) { master, _ in try await body(master) }
            }
        } catch let error as ResilienceError {
            throw TWSError(circuitOpen: error, operation: call.operation)
        }
    }

    /// `body` may say that the master has answered before it returns: what happens to a long answer from then on says
    /// nothing about whether the master can be reached.
    func onAnyMaster<Result: Sendable>(
        _ call: TWSCall,
        deadline: Deadline,
        _ body: (TWSMaster, _ answered: () -> Void) async throws -> Result
    ) async throws -> Result {
        var unreachable: [TWSError] = []
        for index in self.failover.withLock({ $0.order }) where index < self.masters.count {
            let master = self.masters[index]
            var hasAnswered = false
            let answered = {
                hasAnswered = true
                self.reached(index)
            }
            do {
                let result = try await body(master, answered)
                if !hasAnswered { self.reached(index) }
                return result
            } catch {
                let error = try Self.mapped(error, operation: call.operation, master: master)
                guard error.code == .unreachable, !hasAnswered else {
                    if !hasAnswered { self.note(error, from: index) }
                    throw error
                }
                unreachable.append(error)
                if deadline.hasPassed { break }
            }
        }
        let error = TWSError(
            code: .unreachable,
            message: unreachable.isEmpty
                ? "\(call.operation): engine \(self.settings.name) has no URL"
                : unreachable.map(\.message).joined(separator: "; "),
            cause: unreachable.last
        )
        self.lastContact.withLock { $0.error = error.message }
        throw error
    }

    /// An error status is an answer too; silence is none.
    private func note(_ error: TWSError, from index: Int) {
        if error.httpStatus != nil {
            self.reached(index)
        } else if [.timeout, .interrupted].contains(error.code) {
            self.lastContact.withLock { $0.error = error.message }
        }
    }

    private func reached(_ index: Int) {
        let now = self.timing.now()
        self.lastContact.withLock { $0 = Contact(at: now, error: nil) }
        guard self.failover.withLock({ $0.answered(index) }) else { return }
        self.logger.notice(
            "TWS engine answers at another master",
            metadata: ["tws.engine": "\(self.settings.name)", "tws.master": "\(self.masters[index].origin)"]
        )
    }

    private static func mapped(
        _ error: any Error,
        operation: String,
        master: TWSMaster
    ) throws -> TWSError {
        if let error = error as? TWSError { return error }
        // Whatever the transport does not know, such as cancellation or an error of the caller's closure, passes.
        guard let error = error as? HTTPClientError else { throw error }
        let code: TWSError.Code =
            switch error.code {
            case .resolve, .connect, .tls, .timeout(.connect): .unreachable
            case .timeout: .timeout
            case .connectionLost: error.requestWasSent ? .interrupted : .unreachable
            case .truncated: .interrupted
            case .bodyTooLarge, .protocol: .malformedAnswer
            case .pool, .unavailable: .busy
            case .invalidRequest: .invalidRequest
            }
        return TWSError(
            code: code,
            message: "\(operation) at \(master.origin): \(error.message)",
            mayHaveBeenExecuted: error.requestWasSent,
            cause: error
        )
    }
}

/// The JSON answer to one call.
struct TWSAnswer: Sendable {
    let document: JSONDocument
}
