/// The rhythm of a plan mirror.
struct MirrorSettings: Sendable, Hashable {
    var pollInterval: Duration = .seconds(10)
    var sweepInterval: Duration = .seconds(600)
    /// Rows of one page; states with more than two pages are not read on their own.
    var pageSize = 1000
    /// How far deltas reach back before the last one, in the engine's time: its database follows its plan by up to 36 s in
    /// the vendor's own tests.
    var overlap: Duration = .seconds(120)
    /// How long a job that was acted upon is looked at, and at most how often.
    var followFor: Duration = .seconds(60)
    var followInterval: Duration = .seconds(1)
    /// An empty plan is believed after so long.
    var emptyPlanGrace: Duration = .seconds(60)

    init() {}

    init(_ engine: TWSEngineSettings) {
        self.pollInterval = engine.pollInterval
        self.sweepInterval = engine.sweepInterval
        self.pageSize = engine.pageSize
        self.followInterval = min(engine.pollInterval, .seconds(1))
    }

    /// Workstations change seldom.
    var workstationInterval: Duration { max(self.pollInterval * 3, .seconds(2)) }

    /// What a sweep costs must stay a tenth of the time, so the next waits ten times as long as the last took.
    func gap(afterSweepTaking duration: Duration) -> Duration {
        max(self.pollInterval * 5, duration * 10)
    }

    var staleAfter: Duration { max(self.pollInterval * 3, .seconds(3)) }
}
