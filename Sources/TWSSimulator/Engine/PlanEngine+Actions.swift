extension PlanEngine {
    /// Checks an action against the plan as it is, then keeps it for the next tick.
    ///
    /// - Returns: the action as it has to be given to another engine that is to follow this one (`enqueue`), with the
    ///   places it was promised, and the id of the object it concerns or creates.
    package mutating func accept(
        _ action: OperatorAction,
        at time: Int
    ) throws(ActionRefusal) -> (action: OperatorAction, object: EntityID) {
        let object = try self.check(action)
        switch action {
        case .submitJob(var submission):
            let id = try self.promise(&submission)
            self.enqueue(.submitJob(submission), at: time)
            return (.submitJob(submission), id)
        case .submitStream(var submission):
            submission.number = self.nextStreamNumber
            self.nextStreamNumber += 1
            let id = self.parameters.id("js|\(submission.number)")
            self.enqueue(.submitStream(submission), at: time)
            return (.submitStream(submission), id)
        case .force:
            self.watch?.time = time
            self.apply(action, at: time)
        default:
            self.enqueue(action, at: time)
        }
        return (action, object)
    }

    /// Keeps an action that another engine has accepted; it takes effect at the first tick not before `time`.
    package mutating func enqueue(_ action: OperatorAction, at time: Int) {
        self.pendingActions.append(PendingAction(arrival: time, action: action))
    }

    mutating func applyActions(at time: Int) {
        guard !self.pendingActions.isEmpty else { return }
        let due = self.pendingActions.filter { $0.arrival <= time }
        self.pendingActions.removeAll { $0.arrival <= time }
        for pending in due { self.apply(pending.action, at: time) }
    }

    /// The id of the object the action is about, or why the action is not possible now.
    private func check(_ action: OperatorAction) throws(ActionRefusal) -> EntityID {
        switch action {
        case .hold(let id): try self.checkJob(id, "hold") { $0.isWaitingForLaunch }
        case .release(let id): try self.checkJob(id, "release") { $0 == .hold }
        case .releaseDependencies(let id): try self.checkJob(id, "release-all-dependencies") { $0 == .hold }
        case .cancel(let id): try self.checkJob(id, "cancel") { _ in true }
        case .kill(let id): try self.checkJob(id, "kill") { $0.isRunning }
        case .confirm(let id, let success):
            try self.checkJob(id, success ? "confirm-succ" : "confirm-abend") {
                Self.confirmation(of: $0, success: success) != .refused
            }
        case .setPriority(let id, let priority):
            try self.checkJob(id, "update-priority") { _ in true }
            guard (0...101).contains(priority) else { throw .invalid("The priority \(priority) is not in 0..101.") }
        case .rerun(let id, let request):
            try self.checkJob(id, "rerun") { $0.isFinal }
            guard (0...101).contains(request.priority) else {
                throw .invalid("The priority \(request.priority) is not in 0..101.")
            }
        case .force(let id, _, _): try self.checkJob(id, "force") { _ in true }
        case .cancelStream(let id):
            guard self.streamPlaces[id] != nil else { throw .notFound("js", id) }
        case .setLimit(let id, let limit):
            guard self.workstationPlaces[id] != nil else { throw .notFound("ws", id) }
            guard (0...1024).contains(limit) else { throw .invalid("The limit \(limit) is not in 0..1024.") }
        case .setFence(let id, let fence):
            guard self.workstationPlaces[id] != nil else { throw .notFound("ws", id) }
            guard (0...101).contains(fence) else { throw .invalid("The fence \(fence) is not in 0..101.") }
        case .setRunning(let id, _), .setLinked(let id, _):
            guard self.workstationPlaces[id] != nil else { throw .notFound("ws", id) }
        case .reply(let id, _):
            guard let prompt = self.prompts.first(where: { $0.id == id }) else { throw .notFound("prompt", id) }
            guard prompt.status == .asked else {
                throw .invalid(
                    "The prompt is in status \(prompt.status.rawValue); only one that is ASKED takes a reply."
                )
            }
        case .submitJob(let submission):
            guard self.workstationPlaces[submission.workstation] != nil else {
                throw .invalid("The workstation \(submission.workstation) is not in the plan.")
            }
        case .submitStream(let submission):
            guard (0..<self.modelStreams.count).contains(submission.model) else {
                throw .notFound("jsd", submission.model)
            }
        }
        return self.object(of: action)
    }

    private func object(of action: OperatorAction) -> EntityID {
        switch action {
        case .hold(let id), .release(let id), .releaseDependencies(let id), .cancel(let id), .kill(let id),
            .confirm(let id, _), .setPriority(let id, _), .rerun(let id, _), .cancelStream(let id),
            .setLimit(let id, _),
            .setFence(let id, _), .setRunning(let id, _), .setLinked(let id, _), .reply(let id, _),
            .force(let id, _, _):
            id
        case .submitJob(let submission): submission.workstation
        case .submitStream(let submission): self.streams[self.modelStreams.lowerBound + submission.model].id
        }
    }

    private func checkJob(
        _ id: EntityID,
        _ name: String,
        _ accepts: (JobStatus) -> Bool
    ) throws(ActionRefusal) {
        guard let place = self.jobPlaces[id] else { throw .notFound("jb", id) }
        let job = self.jobs[place]
        // A job in HOLD or READY that was cancelled without getting a status of its own is over like one in CANCL.
        let status = job.canceled && job.run.status.isWaitingForLaunch ? .cancl : job.run.status
        guard accepts(status) else {
            throw .invalid("The action \(name) is not possible on job \(job.name) in status \(status.rawValue).")
        }
    }

    /// What an operator's confirmation does to a run.
    enum Confirmation: Equatable {
        case becomes(JobStatus)
        case withoutEffect
        case refused
    }

    static func confirmation(of status: JobStatus, success: Bool) -> Confirmation {
        switch (status, success) {
        case (.exec, true), (.pend, true), (.abend, true), (.suppr, true): .becomes(.succ)
        case (.abenp, true): .becomes(.succp)
        case (.exec, false), (.pend, false): .becomes(.abend)
        case (.ready, _), (.hold, _), (.fence, _), (.intro, _), (.wait, _), (.succp, _): .withoutEffect
        case (.abend, false), (.abenp, false): .withoutEffect
        default: .refused
        }
    }

    /// Promises a submission its place: in the stream it names, or in JOBS of its workstation.
    private mutating func promise(_ submission: inout AdHocSubmission) throws(ActionRefusal) -> EntityID {
        guard let workstation = self.workstationPlaces[submission.workstation] else {
            throw .invalid("The workstation \(submission.workstation) is not in the plan.")
        }
        if let id = submission.stream, self.streamPlaces[id] == nil {
            throw .invalid("The job stream \(id) is not in the plan.")
        }
        let known = submission.stream ?? self.adHocStreams[workstation]
        let existing = known.flatMap { self.streamPlaces[$0] }.map { self.streams[$0] }
        let stream = known ?? self.parameters.id("js|\(self.nextStreamNumber)")
        var promise =
            self.promises[stream]
            ?? AdHocPromise(number: existing?.number ?? self.nextStreamNumber, nextPosition: existing?.jobs.count ?? 0)
        if submission.uniqueName {
            let taken = existing?.jobs.contains { self.jobs[$0].name == submission.name } ?? false
            guard !taken, !promise.names.contains(submission.name) else {
                throw ActionRefusal(
                    code: .conflict,
                    message: "AWSBHU000E The job \(submission.name) is already in the job stream."
                )
            }
        }
        if known == nil {
            self.adHocStreams[workstation] = stream
            self.nextStreamNumber += 1
        }
        let place = AdHocSubmission.Place(stream: stream, number: promise.number, position: promise.nextPosition)
        submission.place = place
        promise.nextPosition += 1
        promise.names.insert(submission.name)
        self.promises[stream] = promise
        return self.parameters.id("\(existing?.keyPrefix ?? "")job|\(promise.number)|\(place.position)")
    }
}

/// What submissions into a stream were promised before they took effect.
struct AdHocPromise: Sendable {
    /// Number of the stream.
    var number: Int
    var nextPosition: Int
    var names: Set<String> = []
}
