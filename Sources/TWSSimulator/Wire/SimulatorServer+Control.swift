import JSON

/// What the admin surface can do, for tests in the same process.
extension SimulatorServer {
    /// Seconds of virtual time since the start of the first plan day.
    package var virtualTime: Int { self.simulator.withState { $0.now($1) } }

    /// Lets virtual time pass at once; every tick within it runs before this returns.
    package func advance(seconds: Int) async {
        self.simulator.withState { state, real in
            state.advance(to: state.clock.now(real) + Double(seconds), real: real)
        }
        await self.reconcile()
    }

    /// Virtual seconds per real second; 0 freezes time.
    package func setSpeed(_ speed: Double) {
        self.simulator.withState { $0.setSpeed(speed, real: $1) }
    }

    /// Replaces all fault rules.
    package func setFaults(_ rules: [FaultRule]) async {
        self.simulator.withState { $0.setFaults(rules, real: $1) }
        await self.reconcile()
    }

    /// Replaces all fault rules with those of a JSON array, as the admin surface takes them.
    ///
    /// - Throws: ``ConfigurationError`` or `JSONError`.
    package func setFaults(parsing json: String) async throws {
        guard let list = try JSONValue(parsing: Array(json.utf8)).array else {
            throw ConfigurationError(path: "faults", expected: "an array of rules is expected")
        }
        await self.setFaults(try FaultRule.rules(list, at: "faults"))
    }

    /// Ids of the jobs whose last run is in an internal status, in the order of the plan.
    package func jobs(in status: JobStatus) -> [String] {
        let view = self.simulator.withState { $0.view(real: $1) }
        return view.engine.jobs.indices.filter { view.engine.jobs[$0].shownStatus == status }.map(view.jobIDText)
    }

    /// Sets the status of a job's last run at once, whatever the scheduler thinks of it.
    ///
    /// - Throws: ``SimulatorError`` when the plan has no such job.
    package func force(job: String, status: JobStatus, returnCode: Int? = nil) throws(SimulatorError) {
        do {
            try self.simulator.withState { (state, real) throws(ActionRefusal) in
                state.catchUp(real)
                try state.force(job: job, ForcedStatus(status: status, returnCode: returnCode))
            }
        } catch {
            throw SimulatorError(.unknownJob, error.message)
        }
    }

    /// Job logs that hang since their pool was exhausted are answered again.
    package func freeJobLogs() {
        self.simulator.withState { state, _ in state.freeJobLogs() }
    }

    /// How many requests have come so far.
    package var requestCount: Int { self.simulator.withState { state, _ in state.requests } }
}
