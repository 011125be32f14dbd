extension PlanEngine {
    /// Carries an action out.
    ///
    /// What has become impossible since it was accepted changes nothing.
    mutating func apply(_ action: OperatorAction, at time: Int) {
        switch action {
        case .hold(let id): self.withJob(id) { $0.hold($1) }
        case .release(let id): self.withJob(id) { $0.release($1) }
        case .releaseDependencies(let id): self.withJob(id) { $0.free($1) }
        case .cancel(let id): self.withJob(id) { $0.cancel($1) }
        case .kill(let id): self.withJob(id) { $0.kill($1, at: time) }
        case .confirm(let id, let success): self.withJob(id) { $0.confirm($1, success: success, at: time) }
        case .setPriority(let id, let priority): self.withJob(id) { $0.setPriority(of: $1, to: priority) }
        case .rerun(let id, let request): self.withJob(id) { $0.rerun($1, request, at: time) }
        case .force(let id, let status, let code): self.withJob(id) { $0.force($1, to: status, code, at: time) }
        case .submitJob(let submission): self.submit(submission, at: time)
        case .submitStream(let submission): self.submit(submission, at: time)
        case .cancelStream(let id):
            guard let place = self.streamPlaces[id] else { return }
            self.streams[place].canceled = true
            self.touchedStreams.insert(place)
            for job in self.streams[place].jobs where self.jobs[job].run.status.isWaitingForLaunch {
                self.cancel(job)
            }
        case .setLimit(let id, let limit): self.withWorkstation(id) { $0.limit = limit }
        case .setFence(let id, let fence): self.withWorkstation(id) { $0.fence = fence }
        case .setRunning(let id, let running): self.withWorkstation(id) { $0.stopped = !running }
        case .setLinked(let id, let linked): self.withWorkstation(id) { $0.linked = linked }
        case .reply(let id, let yes):
            guard let place = self.prompts.firstIndex(where: { $0.id == id && $0.status == .asked }) else { return }
            self.prompts[place].status = yes ? .yes : .no
            self.touchedStreams.insert(self.prompts[place].stream)
        }
    }

    private mutating func withJob(_ id: EntityID, _ effect: (inout PlanEngine, Int) -> Void) {
        guard let place = self.jobPlaces[id] else { return }
        self.touchedStreams.insert(self.jobs[place].stream)
        effect(&self, place)
    }

    private mutating func withWorkstation(_ id: EntityID, _ effect: (inout SimulatedWorkstation) -> Void) {
        guard let place = self.workstationPlaces[id] else { return }
        effect(&self.workstations[place])
    }

    private mutating func hold(_ place: Int) {
        guard self.jobs[place].run.status.isWaitingForLaunch else { return }
        self.jobs[place].priority = 0
        self.setStatus(of: place, to: .hold)
    }

    private mutating func release(_ place: Int) {
        guard self.jobs[place].run.status == .hold else { return }
        if self.jobs[place].priority == 0 { self.jobs[place].priority = self.jobs[place].originalPriority }
        self.free(place)
    }

    private mutating func free(_ place: Int) {
        guard self.jobs[place].run.status == .hold else { return }
        self.jobs[place].freed = true
        self.jobs[place].run.released = true
    }

    private mutating func cancel(_ place: Int) {
        self.jobs[place].canceled = true
        self.jobs[place].run.canceled = true
        self.jobs[place].recoveryAt = nil
        guard self.jobs[place].run.status.isWaitingForLaunch else { return }
        self.setStatus(of: place, to: self.parameters.canceledHasOwnStatus ? .cancl : .hold)
    }

    private mutating func kill(_ place: Int, at time: Int) {
        guard self.jobs[place].run.status.isRunning else { return }
        self.jobs[place].run.plannedEnd = time + PlanParameters.tickSeconds
        self.jobs[place].run.plannedOutcome = .abends
        self.jobs[place].run.plannedReturnCode = 9
        self.jobs[place].recoveryForbidden = true
    }

    private mutating func confirm(_ place: Int, success: Bool, at time: Int) {
        guard case .becomes(let status) = Self.confirmation(of: self.jobs[place].run.status, success: success) else {
            return
        }
        if self.jobs[place].run.status.isRunning { self.jobs[place].run.endedAt = time }
        self.jobs[place].run.plannedEnd = nil
        self.jobs[place].run.confirmed = true
        self.jobs[place].recoveryAt = nil
        self.jobs[place].recoveryForbidden = true
        self.setStatus(of: place, to: status)
    }

    private mutating func setPriority(of place: Int, to priority: Int) {
        self.jobs[place].priority = priority
        // Priority 0 stops the evaluation of dependencies, as a hold does.
        if priority == 0, self.jobs[place].run.status == .ready { self.setStatus(of: place, to: .hold) }
    }

    private mutating func rerun(_ place: Int, _ request: RerunRequest, at time: Int) {
        guard self.jobs[place].run.status.isFinal || self.jobs[place].canceled else { return }
        self.jobs[place].canceled = false
        self.jobs[place].freed = true
        self.jobs[place].priority = request.priority
        self.jobs[place].notBefore = request.startTime
        self.beginNextRun(of: place, type: request.type, at: time)
        self.jobs[place].run.step = request.step
        if let start = request.startTime, start > time {
            self.arrivals.append(Arrival(time: start, stream: self.jobs[place].stream))
            self.sortArrivals()
        }
    }

    private mutating func force(_ place: Int, to status: JobStatus, _ returnCode: Int?, at time: Int) {
        self.jobs[place].recoveryAt = nil
        self.jobs[place].canceled = status == .cancl
        self.jobs[place].run.canceled = status == .cancl
        self.jobs[place].run.plannedEnd = nil
        switch status {
        case .hold, .ready, .fence, .wait:
            self.jobs[place].run.startedAt = nil
            self.jobs[place].run.endedAt = nil
            self.jobs[place].readyAt = time
        case .intro, .exec, .succp, .abenp:
            self.jobs[place].run.startedAt = self.jobs[place].run.startedAt ?? time
            self.jobs[place].run.endedAt = nil
            self.jobs[place].run.plannedEnd = time + self.jobs[place].character.duration
            self.jobs[place].run.plannedOutcome = .succeeds
        default:
            self.jobs[place].run.startedAt = self.jobs[place].run.startedAt ?? time
            self.jobs[place].run.endedAt = time
        }
        if self.jobs[place].run.startedAt != nil, self.jobs[place].run.jobNumber == nil {
            self.jobs[place].run.jobNumber = self.nextJobNumber()
        }
        self.jobs[place].run.returnCode = returnCode ?? (status == .succ ? 0 : nil)
        self.setStatus(of: place, to: status)
        if status == .intro { self.introduced.append(place) }
    }
}
