/// The text a run has written so far, line by line, made from the seed and never stored.
struct JobLog: Sendable {
    private let view: PlanView
    private let job: SimulatedJob
    private let stream: SimulatedStream
    private let run: JobRun
    private let startedAt: Int
    /// Seconds of run time that have passed.
    private let elapsed: Int

    /// Nil when the run never started.
    init?(_ view: PlanView, job place: Int, run: JobRun) {
        guard let startedAt = run.startedAt else { return nil }
        self.view = view
        self.job = view.engine.jobs[place]
        self.stream = view.engine.streams[self.job.stream]
        self.run = run
        self.startedAt = startedAt
        self.elapsed = view.elapsed(run) ?? 0
    }

    var isComplete: Bool { self.run.endedAt != nil }

    /// All lines, without their ends.
    func lines(contentOnly: Bool) -> [String] {
        let content = self.steps + (self.failure.map { [$0] } ?? [])
        guard !contentOnly else { return content }
        return self.head + content + (self.isComplete ? self.tail : [])
    }

    /// Lines of the banner in front of the content.
    static let headLines = 8
    private static let rule = String(repeating: "=", count: 63)

    private var head: [String] {
        let stream = self.stream
        let scheduled = self.view.instant(stream.scheduledAt)
        let date = scheduled.date
        let day = "\(padded(date.month, to: 2))/\(padded(date.day, to: 2))/\(padded(date.year % 100, to: 2))"
        let path = "\(self.view.workstationPath(stream.workstation))#\(stream.name)"
        let instance = "[(\(scheduled.hourMinuteText) \(day)),(\(stream.internalIdentifier))]"
        let started = self.view.instant(self.startedAt)
        return [
            Self.rule,
            "= JOB       : \(path)\(instance).\(self.job.name)",
            "= USER      : \(self.job.user)",
            "= TASK      : \(self.job.taskText ?? "/opt/batch/run.sh \(self.job.name)")",
            "= AGENT     : \(self.view.engine.workstations[self.job.workstation].name)",
            "= Job Number: \(self.run.jobNumber ?? 0)",
            "= \(started.weekdayText) \(started.date.text) \(started.clockText) \(self.view.engine.parameters.timeZone)",
            Self.rule,
        ]
    }

    /// One line for every ten seconds of run time that have begun.
    private var steps: [String] {
        var random = SplitMix64(
            seed: self.view.engine.parameters.seed,
            key: self.stream.logKey(self.job.position, attempt: self.run.attempt)
        )
        let expected = max(1, (self.duration + 9) / 10)
        return (0..<(self.elapsed + 9) / 10).map { step in
            let time = self.view.instant(self.startedAt + step * 10).clockText
            return "\(time) step \(step + 1) of \(max(expected, step + 1)) rows=\(random.next(below: 100_000))"
        }
    }

    /// How long the run lasts, from its end or its plan.
    private var duration: Int {
        (self.run.endedAt ?? self.run.plannedEnd ?? self.startedAt + self.job.character.duration) - self.startedAt
    }

    private var failure: String? {
        guard self.isComplete, self.run.status == .abend else { return nil }
        return "ERROR simulated failure code \(self.run.returnCode ?? 0)"
    }

    private var tail: [String] {
        var random = SplitMix64(
            seed: self.view.engine.parameters.seed,
            key: self.stream.logKey(self.job.position, attempt: self.run.attempt) + "|usage"
        )
        let ended = self.view.instant(self.run.endedAt ?? self.startedAt)
        return [
            Self.rule,
            "= Exit Status           : \(self.run.returnCode ?? 0)",
            "= Elapsed Time (hh:mm:ss) : \(PlanDuration(seconds: self.elapsed).clockText)",
            "= Job CPU usage (ms) : \(1 + random.next(below: 1000 * max(1, self.elapsed)))",
            "= Job Memory usage (kb) : \(1000 + random.next(below: 500_000))",
            "= \(ended.weekdayText) \(ended.date.text) \(ended.clockText) \(self.view.engine.parameters.timeZone)",
            Self.rule,
        ]
    }
}
