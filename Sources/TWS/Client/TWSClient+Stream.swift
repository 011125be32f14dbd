import Concurrency
import OutboundHTTP
import Resilience

extension TWSClient {
    /// Streams the body of a 2xx answer; never repeated.
    ///
    /// The breaker hears of the head only: how long a log is followed, and that its reader leaves, says nothing about the
    /// engine.
    func stream(
        _ call: TWSCall,
        deadline: Deadline,
        requestID: String?,
        onBody: ([UInt8]) async throws -> Void
    ) async throws {
        do {
            try await self.breaker.stream(classify: TWSError.failureClass) { answered in
                try await self.onAnyMaster(call, deadline: deadline) { master, masterAnswered in
                    var request = call.request(
                        master: master,
                        credentials: self.settings.credentials,
                        requestID: requestID
                    )
                    request.readTimeout = call.readTimeout
                    let onAnswer = {
                        masterAnswered()
                        answered()
                    }
                    try await self.stream(request, call, deadline, onAnswer, onBody)
                }
            }
        } catch let error as ResilienceError {
            throw TWSError(circuitOpen: error, operation: call.operation)
        }
    }

    private func stream(
        _ request: HTTPClientRequest,
        _ call: TWSCall,
        _ deadline: Deadline,
        _ answered: () -> Void,
        _ onBody: ([UInt8]) async throws -> Void
    ) async throws {
        var refusal: (status: Int, retryAfter: String?, body: [UInt8])?
        try await self.http.stream(
            request,
            deadline: deadline,
            onHead: { head in
                self.clock.observe(dateHeader: head.headers["Date"])
                if (200..<300).contains(head.status) {
                    answered()
                } else {
                    refusal = (head.status, head.headers["Retry-After"], [])
                }
            },
            onBody: { chunk in
                guard refusal != nil else { return try await onBody(chunk) }
                // An error's body is bounded: what does not fit is not needed to understand it.
                if refusal?.body.count ?? 0 < 65_536 { refusal?.body += chunk }
            }
        )
        guard let refusal else { return }
        throw TWSErrorBody.error(
            status: refusal.status,
            body: refusal.body,
            retryAfter: refusal.retryAfter,
            operation: call.operation
        )
    }
}
