import Concurrency

/// What a reader of the plan has once written of a job.
package final class PlanJobText: Sendable {
    package let bytes: [UInt8]
    /// Where in `bytes` the seconds belong that a running job has taken so far; nil when all is written.
    package let elapsedAt: Int?

    package init(bytes: [UInt8], elapsedAt: Int?) {
        self.bytes = bytes
        self.elapsedAt = elapsedAt
    }
}

/// Keeps a job's text as long as the job, which never changes: a changed job is another one, and not written yet.
///
/// Only jobs that somebody has asked for have one, so the memory is bounded by the plan.
package struct PlanJobTextPlace: ~Copyable, Sendable {
    /// Becoming late is the one thing that time alone does to a job.
    private let texts = Locked<(punctual: PlanJobText?, late: PlanJobText?)>((nil, nil))

    /// The text for this lateness, made by `make` unless it is there.
    package borrowing func text(isLate: Bool, make: () -> PlanJobText) -> PlanJobText {
        if let known = self.texts.withLock({ isLate ? $0.late : $0.punctual }) { return known }
        // Two at once make the same.
        let made = make()
        self.texts.withLock { texts in
            if isLate { texts.late = made } else { texts.punctual = made }
        }
        return made
    }
}
