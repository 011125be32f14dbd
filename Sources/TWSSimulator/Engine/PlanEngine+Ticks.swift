extension PlanEngine {
    /// One scan of the plan.
    ///
    /// The order of the steps is part of the specification of a plan.
    mutating func runTick(_ time: Int) {
        self.lastTick = time
        self.watch?.time = time
        if self.parameters.rollover, time >= (self.day + 1) * PlanParameters.daySeconds {
            self.beginNextDay(at: time)
        }
        self.endRuns(at: time)
        self.startIntroducedRuns()
        self.returnRecoveringJobs(at: time)
        self.applyActions(at: time)
        self.resolveDependencies(at: time)
        self.launchReadyJobs(at: time)
        self.watchCriticalJobs()
    }

    private mutating func endRuns(at time: Int) {
        var ending: [(end: Int, place: Int)] = []
        for place in self.running {
            if let end = self.jobs[place].run.plannedEnd, end <= time { ending.append((end, place)) }
        }
        ending.sort { ($0.end, $0.place) < ($1.end, $1.place) }
        for (end, place) in ending {
            let run = self.jobs[place].run
            self.jobs[place].run.plannedEnd = nil
            self.jobs[place].run.endedAt = end
            if run.plannedOutcome == .succeeds {
                self.jobs[place].run.returnCode = 0
                self.setStatus(of: place, to: self.jobs[place].character.requiresConfirmation ? .pend : .succ)
            } else {
                self.jobs[place].run.returnCode = run.plannedReturnCode
                self.setStatus(of: place, to: .abend)
                let job = self.jobs[place]
                if job.character.recovery == .rerun, run.attempt == 1, !job.recoveryForbidden, !job.canceled {
                    self.jobs[place].recoveryAt = end + 60
                    self.recovering.append(place)
                }
            }
        }
    }

    private mutating func startIntroducedRuns() {
        let introduced = self.introduced
        self.introduced = []
        for place in introduced where self.jobs[place].run.status == .intro {
            self.setStatus(of: place, to: .exec)
        }
    }

    private mutating func returnRecoveringJobs(at time: Int) {
        guard !self.recovering.isEmpty else { return }
        let recovering = self.recovering.sorted()
        self.recovering = []
        for place in recovering {
            guard let due = self.jobs[place].recoveryAt else { continue }
            if due <= time {
                self.beginNextRun(of: place, type: .recoveryRerun, at: time)
            } else {
                self.recovering.append(place)
            }
        }
    }

    /// Puts the current run behind and returns the job to HOLD for the next.
    mutating func beginNextRun(of place: Int, type: RerunType, at time: Int) {
        let stream = self.streams[self.jobs[place].stream]
        let attempt = self.jobs[place].run.attempt + 1
        let run = JobRun(
            id: self.parameters.id(stream.runKey(self.jobs[place].position, attempt: attempt)),
            attempt: attempt,
            type: type,
            status: self.jobs[place].run.status,
            submittedAt: time
        )
        self.jobs[place].recoveryAt = nil
        self.jobs[place].recoveryForbidden = false
        self.jobs[place].previousRuns.append(self.jobs[place].run)
        self.jobs[place].run = run
        self.runPlaces[run.id] = place
        self.setStatus(of: place, to: .hold)
    }

    private mutating func resolveDependencies(at time: Int) {
        while let next = self.arrivals.last, next.time <= time {
            self.touchedStreams.insert(next.stream)
            if let prompt = self.streams[next.stream].prompt, self.prompts[prompt].status == .notAsked {
                self.prompts[prompt].status = .asked
            }
            self.arrivals.removeLast()
        }
        guard !self.touchedStreams.isEmpty else { return }
        var touched = self.touchedStreams
        self.touchedStreams = []
        for stream in touched where !self.streams[stream].successors.isEmpty && self.isDone(stream) {
            touched.formUnion(self.streams[stream].successors)
        }
        for stream in touched.sorted() {
            for place in self.streams[stream].jobs where self.mayBecomeReady(place, at: time) {
                self.jobs[place].readyAt = time
                self.setStatus(of: place, to: .ready)
            }
        }
        // Becoming ready frees nobody, so nothing has to be looked at again because of it.
        self.touchedStreams = []
    }

    private func mayBecomeReady(_ place: Int, at time: Int) -> Bool {
        let job = self.jobs[place]
        guard job.run.status == .hold, job.priority > 0, !job.canceled, time >= job.notBefore ?? time else {
            return false
        }
        return job.freed || (time >= self.streams[job.stream].scheduledAt && self.unsatisfied(place).isEmpty)
    }

    private mutating func launchReadyJobs(at time: Int) {
        guard !self.ready.isEmpty else { return }
        let order = self.ready.sorted { left, right in
            let (leftJob, rightJob) = (self.jobs[left], self.jobs[right])
            return (-leftJob.priority, leftJob.readyAt, left) < (-rightJob.priority, rightJob.readyAt, right)
        }
        for place in order {
            let obstacle = self.launchObstacle(place)
            self.jobs[place].waiting = obstacle
            if obstacle == .none { self.launch(place, at: time) }
        }
    }

    private func launchObstacle(_ place: Int) -> SimulatedJob.LaunchObstacle {
        let job = self.jobs[place]
        let workstation = self.workstations[job.workstation]
        if workstation.stopped || !workstation.linked { return .agent }
        if workstation.limit == 0 ? job.priority < 100 : workstation.running >= workstation.limit { return .limit }
        return job.priority <= workstation.fence ? .fence : .none
    }

    private mutating func launch(_ place: Int, at time: Int) {
        let job = self.jobs[place]
        var outcome = job.character.outcome
        var duration = job.character.duration
        var returnCode = job.character.returnCode
        if job.run.attempt > 1 {
            let later = PlanGenerator(parameters: self.parameters).laterRun(of: job, in: self.streams[job.stream])
            outcome = later.succeeds ? .succeeds : .abends
            duration = later.duration
            returnCode = job.character.returnCode
        }
        if outcome == .failsToLaunch {
            self.jobs[place].run.endedAt = time
            self.setStatus(of: place, to: .fail)
            return
        }
        self.jobs[place].run.startedAt = time
        self.jobs[place].run.plannedEnd = time + duration
        self.jobs[place].run.plannedOutcome = outcome
        self.jobs[place].run.plannedReturnCode = returnCode
        self.jobs[place].run.jobNumber = self.nextJobNumber()
        self.introduced.append(place)
        self.setStatus(of: place, to: .intro)
    }

    mutating func nextJobNumber() -> Int {
        self.launches += 1
        return 100_000 + self.launches
    }

    /// The only place where the status of a run changes: keeps the sets of running and ready jobs and the count of the
    /// workstation in step with it.
    mutating func setStatus(of place: Int, to status: JobStatus) {
        let old = self.jobs[place].run.status
        guard old != status else { return }
        self.jobs[place].run.status = status
        let workstation = self.jobs[place].workstation
        if old.isRunning, !status.isRunning {
            self.running.remove(place)
            self.workstations[workstation].running -= 1
        } else if !old.isRunning, status.isRunning {
            self.running.insert(place)
            self.workstations[workstation].running += 1
        }
        if old == .ready {
            self.ready.remove(place)
            self.jobs[place].waiting = .none
        } else if status == .ready {
            self.ready.insert(place)
        }
        self.touchedStreams.insert(self.jobs[place].stream)
        guard let time = self.watch?.time else { return }
        let event = self.event(.statusChanged, of: place, at: time)
        self.watch?.events.append(event)
    }
}
