extension DatabaseError {
    /// What a failure allows the caller to conclude and to try.
    package enum Recovery: Sendable, Hashable, CaseIterable {
        /// Certainly not executed: any operation may be tried again.
        case notExecuted
        /// May have been executed: only what is idempotent may be tried again, the rest has to be looked up.
        case unknown
        /// Rolled back: the transaction may be run again, as a whole.
        case conflict
        /// This endpoint only reads: try another one.
        case role
        /// Space or memory is exhausted: an operator has to act; reads may still work.
        case resource
        /// Trying again gives the same failure.
        case permanent
        /// Our own limit was reached; says nothing about the health of the database.
        case local
    }

    package var recovery: Recovery {
        switch self.code {
        case .connection: .notExecuted
        case .inputOutput: .unknown
        case .serialization, .busy: .conflict
        case .readOnly: .role
        case .full, .outOfMemory: .resource
        case .timeout, .interrupted, .closed: .local
        case .constraint, .syntax, .decoding, .tooLarge, .corrupt, .permission, .cannotCreate, .engineFault, .misuse,
            .nestedTransaction,
            .transactionFailed, .migrationFiles, .migrationFailed, .schemaBehind, .schemaNewer, .digestDiffers:
            .permanent
        }
    }

    /// Whether the failure is evidence against the database itself, to be counted by a circuit breaker.
    package var countsAgainstHealth: Bool {
        switch self.recovery {
        case .notExecuted, .unknown, .resource: true
        case .permanent: self.code == .corrupt
        case .conflict, .role, .local: false
        }
    }
}
