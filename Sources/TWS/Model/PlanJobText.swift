import Synchronization

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
    private let punctual = AtomicLazyReference<PlanJobText>()
    /// Becoming late is the one thing that time alone does to a job.
    private let late = AtomicLazyReference<PlanJobText>()

    /// The text for this lateness, made by `make` unless it is there; whoever is first decides.
    package borrowing func text(isLate: Bool, make: () -> PlanJobText) -> PlanJobText {
        if isLate { return self.late.load() ?? self.late.storeIfNil(make()) }
        return self.punctual.load() ?? self.punctual.storeIfNil(make())
    }
}
