/// What a failure says about the call that failed: whether it may have happened, and whose fault it was.
///
/// Breaker and retry decide by the class alone, so every module maps its errors onto it in one place.
package enum FailureClass: Sendable, Hashable {
    /// The other side has provably not executed the call.
    case notSent
    /// The call may have been executed.
    case unknown
    /// Executed and rolled back: safe to repeat.
    case conflict
    /// The other side says it has too much to do; it may say for how long.
    case overload(retryAfter: Duration?)
    /// The other side answered, and will answer the same again: validation, permission, not found.
    case permanent
    /// Our caller has left.
    case cancelled
    /// Our own limit (pool, deadline, open breaker): says nothing about the other side.
    case local

    package var breakerOutcome: CircuitBreakerOutcome {
        switch self {
        case .notSent, .unknown: .failure(retryAfter: nil)
        case .overload(let retryAfter): .failure(retryAfter: retryAfter)
        case .conflict, .permanent: .success
        case .cancelled, .local: .ignored
        }
    }

    /// Whether a repetition can help and do no harm.
    package func mayBeRetried(idempotent: Bool) -> Bool {
        switch self {
        case .notSent, .conflict: true
        // A refusal for overload comes before the call is executed only where that is documented; nowhere here.
        case .unknown, .overload: idempotent
        case .permanent, .cancelled, .local: false
        }
    }

    /// What a retry takes from the ``RetryBudget``: more where the first attempt may still be using the other side.
    package var retryCost: Double {
        switch self {
        case .unknown, .overload: 2
        case .notSent, .conflict, .permanent, .cancelled, .local: 1
        }
    }
}
