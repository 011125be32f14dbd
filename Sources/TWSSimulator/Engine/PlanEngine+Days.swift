extension PlanEngine {
    /// Adds the streams and jobs drawn for a plan day behind what the plan has.
    mutating func appendDay(_ day: Int) {
        let generator = PlanGenerator(parameters: self.parameters)
        let prefix = day == 0 ? "" : "d\(day)|"
        let base = self.streams.count
        let draws = generator.streams(keyPrefix: prefix)
        self.jobs.reserveCapacity(self.jobs.count + draws.count * 8)
        self.jobPlaces.reserveCapacity(self.jobs.count + draws.count * 8)
        self.runPlaces.reserveCapacity(self.jobs.count + draws.count * 8)
        for (number, draw) in draws.enumerated() {
            let stream = SimulatedStream(
                id: self.parameters.id("\(prefix)js|\(number)"),
                model: .numbered(number),
                keyPrefix: prefix,
                number: number,
                name: "JS\(padded(number, to: 5))",
                folder: draw.folder,
                workstation: 3 + draw.agent,
                scheduledAt: day * PlanParameters.daySeconds + draw.scheduledAt,
                priority: draw.priority,
                carryForward: draw.carryForward,
                predecessor: draw.predecessor.map { base + $0 }
            )
            let characters = (0..<draw.jobs).map { generator.job(keyPrefix: prefix, stream: number, position: $0) }
            self.append(stream, jobs: characters, modelNumber: number)
            if let predecessor = stream.predecessor { self.streams[predecessor].successors.append(base + number) }
            if self.parameters.prompts, number % 100 == 50 {
                self.streams[base + number].prompt = self.prompts.count
                self.prompts.append(
                    SimulatedPrompt(
                        id: self.parameters.id("\(prefix)prompt|\(number / 100)"),
                        number: number / 100,
                        stream: base + number
                    )
                )
            }
        }
        self.modelStreams = base..<self.streams.count
        self.sortArrivals()
    }

    /// Gives a stream and its jobs their places; the arrivals are left for the caller to sort.
    mutating func append(_ stream: SimulatedStream, jobs characters: [JobCharacter], modelNumber: Int) {
        var stream = stream
        let place = self.streams.count
        let chain = PlanGenerator.chainEstimates(characters)
        stream.estimate = chain.max() ?? 0
        for (position, character) in characters.enumerated() {
            stream.jobs.append(self.jobs.count)
            var job = SimulatedJob(
                id: self.parameters.id(stream.jobKey(position)),
                stream: place,
                position: position,
                name: "JOB\(padded(modelNumber, to: 5))_\(padded(position, to: 3))",
                workstation: stream.workstation,
                character: character,
                priority: stream.priority,
                originalPriority: stream.priority,
                run: JobRun(
                    id: self.parameters.id(stream.runKey(position, attempt: 1)),
                    attempt: 1,
                    type: .regular,
                    submittedAt: stream.scheduledAt
                )
            )
            if character.critical { job.deadline = stream.scheduledAt + 2 * chain[position] + 600 }
            self.index(job, at: self.jobs.count)
            self.jobs.append(job)
        }
        self.streamPlaces[stream.id] = place
        self.arrivals.append(Arrival(time: stream.scheduledAt, stream: place))
        self.streams.append(stream)
    }

    mutating func index(_ job: SimulatedJob, at place: Int) {
        self.jobPlaces[job.id] = place
        self.runPlaces[job.run.id] = place
        for run in job.previousRuns { self.runPlaces[run.id] = place }
    }

    mutating func sortArrivals() {
        self.arrivals.sort { ($0.time, $0.stream) > ($1.time, $1.stream) }
    }

    /// Begins the next plan day.
    ///
    /// Unfinished streams that may be carried forward stay, in front of the new ones; all others go, running or not. A
    /// stream that followed one that went is free of it.
    mutating func beginNextDay(at time: Int) {
        let kept = self.streams.indices.filter { self.streams[$0].carryForward && !self.isDone($0) }
        let old = self
        var newPlaces: [Int: Int] = [:]
        for (place, oldPlace) in kept.enumerated() { newPlaces[oldPlace] = place }

        self.day += 1
        self.resetPlan()
        for oldPlace in kept {
            self.carryForward(oldPlace, from: old, newPlaces: newPlaces)
        }
        // A submission that is still to take effect brings its stream back.
        self.promises = self.promises.filter { self.streamPlaces[$0.key] != nil }
        self.adHocStreams = self.adHocStreams.filter { self.streamPlaces[$0.value] != nil }
        self.appendDay(self.day)
        self.reloadStartedAt = time
    }

    private mutating func resetPlan() {
        self.jobs = []
        self.streams = []
        self.prompts = []
        self.jobPlaces = [:]
        self.runPlaces = [:]
        self.streamPlaces = [:]
        self.running = []
        self.ready = []
        self.introduced = []
        self.recovering = []
        self.touchedStreams = []
        self.arrivals = []
        for place in self.workstations.indices { self.workstations[place].running = 0 }
    }

    private mutating func carryForward(_ oldPlace: Int, from old: PlanEngine, newPlaces: [Int: Int]) {
        var stream = old.streams[oldPlace]
        let place = self.streams.count
        stream.carriedForward = true
        stream.predecessor = stream.predecessor.flatMap { newPlaces[$0] }
        stream.successors = stream.successors.compactMap { newPlaces[$0] }
        if let prompt = stream.prompt {
            stream.prompt = self.prompts.count
            let previous = old.prompts[prompt]
            self.prompts.append(
                SimulatedPrompt(id: previous.id, number: previous.number, stream: place, status: previous.status)
            )
        }
        stream.jobs = stream.jobs.map { oldJob in
            var job = old.jobs[oldJob]
            job.stream = place
            let newJob = self.jobs.count
            if job.run.status.isRunning {
                self.running.insert(newJob)
                self.workstations[job.workstation].running += 1
            }
            if job.run.status == .intro { self.introduced.append(newJob) }
            if job.run.status == .ready { self.ready.insert(newJob) }
            if job.recoveryAt != nil { self.recovering.append(newJob) }
            if let notBefore = job.notBefore { self.arrivals.append(Arrival(time: notBefore, stream: place)) }
            self.index(job, at: newJob)
            self.jobs.append(job)
            return newJob
        }
        self.streamPlaces[stream.id] = place
        self.arrivals.append(Arrival(time: stream.scheduledAt, stream: place))
        self.touchedStreams.insert(place)
        self.streams.append(stream)
    }
}
