/// The master is away.
struct Failover: Sendable {
    let downNode: Int
    /// Virtual time at which the other node takes over.
    let ends: Int
    let proxyMilliseconds: Int
    var isOver = false
}

/// A request that has been taken in.
struct Admission: Sendable {
    /// Counts all requests, from 1.
    let number: Int
    let isJobLog: Bool
    let startedAt: Double
    let user: String?
    let cookie: String?
    let faults: ActiveFaults
    let view: PlanView
    /// Virtual time of the arrival, which mirroring does not delay.
    let time: Int
    var jobLogsStuck = false
    var isTooMany = false
    var isWithoutMaster = false
    var proxyMilliseconds = 0
}

/// What the admin surface tells of a request.
struct RequestRecord: Sendable {
    let method: String
    let target: String
    let status: Int
    let milliseconds: Double
    let user: String?
    let fault: String?
}
