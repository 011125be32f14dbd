extension PlanEngine {
    /// The risk of a critical job; none for any other, and for one that is over.
    ///
    /// Only the jobs of its own stream are looked at, as for its deadline.
    func risk(of place: Int, at time: Int) -> RiskLevel {
        let job = self.jobs[place]
        guard let deadline = job.deadline, job.run.status != .succ, !job.canceled else { return .none }
        var ends: [Int: Int] = [:]
        if self.estimatedEnd(of: place, at: time, &ends) > deadline { return .high }
        // Latest starts that still meet the deadline, from the job back along its predecessors.
        var latestStarts = [place: deadline - job.character.estimate]
        var queue = [place]
        while let next = queue.popLast() {
            for predecessor in self.predecessors(of: next) where !self.jobs[predecessor].isSatisfied {
                let start = (latestStarts[next] ?? deadline) - self.jobs[predecessor].character.estimate
                if self.isInTrouble(predecessor, latestStart: start, at: time) { return .potential }
                guard start < latestStarts[predecessor] ?? .max else { continue }
                latestStarts[predecessor] = start
                queue.append(predecessor)
            }
        }
        return .none
    }

    private func predecessors(of place: Int) -> [Int] {
        let job = self.jobs[place]
        return job.character.predecessors.map { self.streams[job.stream].jobs[$0] }
    }

    /// When a job ends if every estimate is right.
    private func estimatedEnd(of place: Int, at time: Int, _ known: inout [Int: Int]) -> Int {
        if let end = known[place] { return end }
        let job = self.jobs[place]
        var end: Int
        if job.isSatisfied {
            end = min(job.run.endedAt ?? time, time)
        } else if let start = job.run.startedAt, job.run.endedAt == nil {
            end = max(time, start + job.character.estimate)
        } else {
            var start = max(time, self.streams[job.stream].scheduledAt, job.notBefore ?? 0)
            for predecessor in self.predecessors(of: place) {
                start = max(start, self.estimatedEnd(of: predecessor, at: time, &known))
            }
            end = start + job.character.estimate
        }
        known[place] = end
        return end
    }

    /// The product's reasons to put a job on the hot list: ended in error, ran for 150 % of its estimate, or within 120 s
    /// of its latest start and not started.
    private func isInTrouble(_ place: Int, latestStart: Int, at time: Int) -> Bool {
        let job = self.jobs[place]
        if job.run.status.isError { return true }
        guard let start = job.run.startedAt, job.run.endedAt == nil else { return time >= latestStart - 120 }
        return (time - start) * 2 > job.character.estimate * 3
    }
}
