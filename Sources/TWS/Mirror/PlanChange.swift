/// Something that happened to the plan, in the order in which the mirror noticed it.
package struct PlanChange: Sendable {
    package enum Kind: String, Sendable, Hashable {
        case added
        case changed
        case removed
    }

    package enum Event: Sendable {
        /// `previous` is what was known before, also for a removal.
        case job(Kind, PlanJob, previous: PlanJob?)
        case stream(Kind, PlanJobStream, previous: PlanJobStream?)
        case workstation(Kind, PlanWorkstation, previous: PlanWorkstation?)
        /// Everything known before is void; stands for thousands of changes. Also the first thing a mirror says.
        case planReplaced(reason: String)
    }

    /// Offsets are comparable within an epoch only.
    package let epoch: String
    /// Grows by one with each `job` and `planReplaced`; other events carry that of the last one before them.
    package let offset: UInt64
    /// Milliseconds since 1970 in the engine's time.
    package let time: Int64
    package let event: Event
}
