extension PlanEngine {
    /// Adds the job, and its stream JOBS if it is the first of its workstation.
    mutating func submit(_ submission: AdHocSubmission, at time: Int) {
        guard let promised = submission.place, let workstation = self.workstationPlaces[submission.workstation] else {
            return
        }
        if self.streamPlaces[promised.stream] == nil {
            // A stream that was named and has left the plan takes the job with it.
            guard submission.stream == nil else { return }
            let stream = SimulatedStream(
                id: promised.stream,
                model: .adHoc,
                keyPrefix: "",
                number: promised.number,
                name: "JOBS",
                folder: 0,
                workstation: workstation,
                scheduledAt: time,
                priority: 10,
                carryForward: true
            )
            self.append(stream, jobs: [], modelNumber: promised.number)
            self.adHocStreams[workstation] = promised.stream
        }
        guard let place = self.streamPlaces[promised.stream] else { return }
        self.append(submission, to: place, promised: promised, workstation: workstation, at: time)
    }

    private mutating func append(
        _ submission: AdHocSubmission,
        to place: Int,
        promised: AdHocSubmission.Place,
        workstation: Int,
        at time: Int
    ) {
        let stream = self.streams[place]
        let task = AdHocTask(text: submission.taskText)
        var job = SimulatedJob(
            id: self.parameters.id(stream.jobKey(promised.position)),
            stream: place,
            position: promised.position,
            name: submission.name,
            workstation: workstation,
            character: JobCharacter(
                predecessors: [],
                estimate: 30,
                duration: task.duration,
                outcome: task.returnCode > 0 ? .abends : .succeeds,
                returnCode: task.returnCode,
                recovery: submission.recovery,
                requiresConfirmation: submission.requiresConfirmation,
                critical: submission.critical,
                isCommand: submission.isCommand
            ),
            taskText: submission.taskText,
            taskType: submission.taskType,
            user: submission.user,
            priority: submission.priority,
            originalPriority: submission.priority,
            run: JobRun(
                id: self.parameters.id(stream.runKey(promised.position, attempt: 1)),
                attempt: 1,
                type: .regular,
                submittedAt: time
            )
        )
        if let start = submission.scheduledAt, start > time {
            job.notBefore = start
            self.arrivals.append(Arrival(time: start, stream: place))
        }
        if submission.critical { job.deadline = (submission.scheduledAt ?? time) + 2 * 30 + 600 }
        self.streams[place].jobs.append(self.jobs.count)
        self.streams[place].estimate = max(stream.estimate, 30)
        self.touchedStreams.insert(place)
        self.index(job, at: self.jobs.count)
        self.jobs.append(job)
        self.sortArrivals()
    }

    /// Adds another instance of a stream of the model.
    mutating func submit(_ submission: StreamSubmission, at time: Int) {
        guard (0..<self.modelStreams.count).contains(submission.model) else { return }
        let model = self.streams[self.modelStreams.lowerBound + submission.model]
        let stream = SimulatedStream(
            id: self.parameters.id("js|\(submission.number)"),
            model: model.model,
            keyPrefix: "",
            number: submission.number,
            name: submission.alias ?? "JS\(padded(submission.model, to: 5))",
            folder: model.folder,
            workstation: model.workstation,
            scheduledAt: submission.scheduledAt ?? time,
            priority: submission.priority ?? model.priority,
            carryForward: submission.carryForward ?? model.carryForward
        )
        // The model has the jobs the plan day was drawn with; jobs added by hand are not part of it.
        let characters = model.jobs.map { self.jobs[$0] }.filter { $0.taskText == nil }.map(\.character)
        self.append(stream, jobs: characters, modelNumber: submission.model)
        self.touchedStreams.insert(self.streams.count - 1)
        self.sortArrivals()
    }
}

/// What the text of an ad-hoc task asks the simulator to do: `sleep N` sets how long it runs, `exit N` how it ends.
struct AdHocTask {
    let duration: Int
    let returnCode: Int

    init(text: String) {
        let words = text.split { !($0.isLetter || $0.isNumber) }
        func number(after word: String, limit: Int) -> Int? {
            guard let place = words.firstIndex(where: { $0 == word }), place + 1 < words.count,
                let value = Int(words[place + 1]), (0...limit).contains(value)
            else { return nil }
            return value
        }
        self.duration = max(1, number(after: "sleep", limit: PlanParameters.daySeconds) ?? 30)
        self.returnCode = number(after: "exit", limit: 255) ?? 0
    }
}
