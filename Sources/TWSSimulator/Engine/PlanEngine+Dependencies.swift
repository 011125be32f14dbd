/// One thing a job or a stream waits for.
enum PlanDependency: Hashable, Sendable {
    /// A job of the same stream.
    case job(Int)
    /// A whole stream.
    case stream(Int)
    case prompt(Int)
}

extension PlanEngine {
    /// A stream is done when nothing of it is left to run.
    func isDone(_ stream: Int) -> Bool {
        if self.streams[stream].canceled { return true }
        return self.streams[stream].jobs.allSatisfy { self.jobs[$0].canceled || self.jobs[$0].run.status == .succ }
    }

    /// What a job itself depends on; the stream's own dependency is not among it.
    func dependencies(ofJob place: Int) -> [PlanDependency] {
        let job = self.jobs[place]
        let stream = self.streams[job.stream]
        var result = job.character.predecessors.map { PlanDependency.job(stream.jobs[$0]) }
        if job.position == 0, let prompt = stream.prompt { result.append(.prompt(prompt)) }
        return result
    }

    func dependencies(ofStream place: Int) -> [PlanDependency] {
        self.streams[place].predecessor.map { [.stream($0)] } ?? []
    }

    func isSatisfied(_ dependency: PlanDependency) -> Bool {
        switch dependency {
        case .job(let place): self.jobs[place].isSatisfied
        case .stream(let place): self.isDone(place)
        case .prompt(let place): self.prompts[place].status == .yes
        }
    }

    /// What keeps a job from being ready, the time apart.
    func unsatisfied(_ place: Int) -> [PlanDependency] {
        let all = self.dependencies(ofStream: self.jobs[place].stream) + self.dependencies(ofJob: place)
        return all.filter { !self.isSatisfied($0) }
    }

    func commonStatus(of job: SimulatedJob) -> CommonStatus {
        if job.canceled { return .canceled }
        if job.isHeld { return .held }
        return job.shownStatus == .fence ? self.parameters.fenceStatus.common : job.shownStatus.common
    }

    func streamStatus(_ place: Int, at time: Int) -> JobStreamStatus {
        let stream = self.streams[place]
        if stream.canceled { return .cancl }
        if self.isDone(place) { return .succ }
        var waiting = 0
        var holding = 0
        var final = 0
        var active = false
        for job in stream.jobs {
            let status = self.jobs[job].run.status
            switch status {
            case .hold:
                waiting += 1
                holding += 1
            case .ready:
                waiting += 1
                active = true
            case .exec, .intro, .pend, .succp, .abenp: active = true
            case .succ, .abend, .fail: final += 1
            default: break
            }
            if self.jobs[job].recoveryAt != nil { active = true }
        }
        if active { return waiting == stream.jobs.count ? .ready : .exec }
        if holding == stream.jobs.count {
            let due = time >= stream.scheduledAt && self.dependencies(ofStream: place).allSatisfy(self.isSatisfied)
            return due ? .ready : .hold
        }
        return final == stream.jobs.count ? .abend : .stuck
    }

    func substatus(_ place: Int, at time: Int) -> JobSubstatus? {
        let job = self.jobs[place]
        if job.canceled { return nil }
        switch job.run.status {
        case .hold:
            if job.priority == 0 { return .priorityZero }
            if time < job.notBefore ?? self.streams[job.stream].scheduledAt { return .waitingForTime }
            if case .prompt? = self.unsatisfied(place).first { return .waitingForPrompt }
            return .waitingForPredecessor
        case .ready:
            switch job.waiting {
            case .limit: return .waitingForLimit
            case .agent: return .waitingForAgent
            case .none, .fence: return nil
            }
        default: return nil
        }
    }
}
