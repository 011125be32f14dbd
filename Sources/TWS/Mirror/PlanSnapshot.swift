import Collections

/// The plan of one engine as it was at one moment: immutable, and a copy costs nothing.
package struct PlanSnapshot: Sendable {
    package let engine: String
    /// Grows with every change of content; part of an entity tag together with ``epoch``.
    package let version: UInt64
    /// New for each process: offsets of another epoch mean nothing.
    package let epoch: String
    /// The last change of jobs that is contained; all later ones are delivered with greater offsets.
    package let offset: UInt64
    package let planID: String?
    package let jobs: PlanJobIndex
    /// What led to this version.
    package let history: PlanHistory
    package let streams: TreeDictionary<String, PlanJobStream>
    package let workstations: TreeDictionary<String, PlanWorkstation>
    package let freshness: PlanFreshness

    /// False until the plan has been read for the first time.
    package var isLoaded: Bool { self.freshness.fetchedAt != nil }
}

/// How far a snapshot can be trusted.
package struct PlanFreshness: Sendable, Hashable {
    /// When the engine last confirmed the content, in milliseconds since 1970 by the wall clock; nil: never.
    package let fetchedAt: Int64?
    /// Why it is not being confirmed any more; nil while it is.
    package let reason: String?
    /// An age above this is stale even without a reason.
    package let staleAfter: Duration

    package func age(at now: Int64 = EngineClock.systemMilliseconds()) -> Duration? {
        self.fetchedAt.map { .milliseconds(max(0, now - $0)) }
    }

    /// What makes the content stale: a failure, or only that the engine has been silent for too long; nil while it is fresh.
    package func whyStale(at now: Int64 = EngineClock.systemMilliseconds()) -> String? {
        if let reason = self.reason { return reason }
        guard let age = self.age(at: now) else { return "the plan is being read for the first time" }
        guard age > self.staleAfter else { return nil }
        return "the engine has not confirmed the plan for more than \(Int(self.staleAfter / .seconds(1))) seconds"
    }

    package func isStale(at now: Int64 = EngineClock.systemMilliseconds()) -> Bool {
        self.whyStale(at: now) != nil
    }
}
