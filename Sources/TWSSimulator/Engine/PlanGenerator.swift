/// Draws workstations and the streams and jobs of a plan day from the seed.
struct PlanGenerator {
    let parameters: PlanParameters

    /// One stream as drawn, before it has a place in a plan.
    struct StreamDraw {
        var folder: Int
        var agent: Int
        /// Seconds since the start of its day.
        var scheduledAt: Int
        var jobs: Int
        var priority: Int
        var carryForward: Bool
        var predecessor: Int?
    }

    /// The master, its broker, the backup master, then the agents.
    func workstations() -> [SimulatedWorkstation] {
        var result = [
            self.workstation(self.parameters.masterName, .manager, isNode: true),
            self.workstation("\(self.parameters.masterName)_DWB", .broker),
            self.workstation(self.parameters.backupName, .faultTolerant, isNode: true),
        ]
        for number in 0..<self.parameters.agents {
            let kind: SimulatedWorkstation.Kind =
                number % 5 == 4 ? .faultTolerant : number % 11 == 10 ? .pool : .dynamic
            result.append(self.workstation("AGT\(padded(number + 1, to: 3))", kind))
        }
        return result
    }

    private func workstation(
        _ name: String,
        _ kind: SimulatedWorkstation.Kind,
        isNode: Bool = false
    ) -> SimulatedWorkstation {
        SimulatedWorkstation(
            id: self.parameters.id("ws|\(name)"),
            name: name,
            kind: kind,
            isNode: isNode,
            limit: self.parameters.limit
        )
    }

    /// Draws the streams of a day, in order.
    ///
    /// The order of the draws is part of the specification of a plan.
    func streams(keyPrefix: String) -> [StreamDraw] {
        var result: [StreamDraw] = []
        result.reserveCapacity(self.parameters.streams)
        for number in 0..<self.parameters.streams {
            var random = SplitMix64(seed: self.parameters.seed, key: "\(keyPrefix)js|\(number)")
            let folder = random.next(below: PlanParameters.folders.count)
            let agent = random.next(below: self.parameters.agents)
            let period = random.next(below: 100)
            let minute =
                period < 55
                ? random.next(below: 360)
                : period < 85 ? 1080 + random.next(below: 360) : random.next(below: 1440)
            let jobs = 3 + random.next(below: 10)
            let rank = random.next(below: 100)
            var draw = StreamDraw(
                folder: folder,
                agent: agent,
                scheduledAt: minute * 60,
                jobs: jobs,
                priority: rank < 90 ? 10 : rank < 97 ? 50 : 101,
                carryForward: random.next(below: 100) < 50
            )
            if number >= 20, random.next(below: 100) < 20 {
                let candidate = number - 1 - random.next(below: 20)
                if result[candidate].scheduledAt <= draw.scheduledAt { draw.predecessor = candidate }
            }
            result.append(draw)
        }
        return result
    }

    /// Draws the job at a position of a stream.
    ///
    /// The order of the draws is part of the specification of a plan.
    func job(keyPrefix: String, stream: Int, position: Int) -> JobCharacter {
        var random = SplitMix64(seed: self.parameters.seed, key: "\(keyPrefix)job|\(stream)|\(position)")
        var predecessors: [Int] = []
        if position > 0 {
            predecessors = [random.next(below: 100) < 70 ? position - 1 : random.next(below: position)]
            if random.next(below: 100) < 15 {
                let second = random.next(below: position)
                if second != predecessors[0] { predecessors.append(second) }
            }
        }
        let base = 5 << random.next(below: 10)
        let estimate = base + random.next(below: base)
        let duration = max(1, estimate * (60 + random.next(below: 81)) / 100)
        let fate = random.next(below: 10_000)
        let returnCode = 1 + random.next(below: 255)
        let remedy = random.next(below: 100)
        return JobCharacter(
            predecessors: predecessors,
            estimate: estimate,
            duration: duration,
            outcome: fate < 200 ? .abends : fate < 220 ? .failsToLaunch : .succeeds,
            returnCode: returnCode,
            recovery: remedy < 80 ? .stop : remedy < 90 ? .continue : .rerun,
            requiresConfirmation: random.next(below: 1000) < 5,
            critical: random.next(below: 100) < 3,
            isCommand: random.next(below: 100) < 50
        )
    }

    /// How a run after the first goes.
    func laterRun(of job: SimulatedJob, in stream: SimulatedStream) -> (succeeds: Bool, duration: Int) {
        var random = SplitMix64(
            seed: self.parameters.seed,
            key: stream.runKey(job.position, attempt: job.run.attempt)
        )
        let succeeds = random.next(below: 100) < 85
        return (succeeds, max(1, job.character.estimate * (60 + random.next(below: 81)) / 100))
    }

    /// For every job of a stream the longest sum of estimates along its predecessors, its own included.
    static func chainEstimates(_ characters: [JobCharacter]) -> [Int] {
        var sums: [Int] = []
        sums.reserveCapacity(characters.count)
        for character in characters {
            // Predecessors stand before the jobs that follow them.
            sums.append((character.predecessors.map { sums[$0] }.max() ?? 0) + character.estimate)
        }
        return sums
    }
}
