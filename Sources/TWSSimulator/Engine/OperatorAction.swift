/// What an operator can ask of the plan.
package enum OperatorAction: Sendable {
    case hold(job: EntityID)
    case release(job: EntityID)
    case releaseDependencies(job: EntityID)
    case cancel(job: EntityID)
    case kill(job: EntityID)
    case confirm(job: EntityID, success: Bool)
    case setPriority(job: EntityID, Int)
    case rerun(job: EntityID, RerunRequest)
    case submitJob(AdHocSubmission)
    case cancelStream(EntityID)
    case submitStream(StreamSubmission)
    case setLimit(workstation: EntityID, Int)
    case setFence(workstation: EntityID, Int)
    case setRunning(workstation: EntityID, Bool)
    case setLinked(workstation: EntityID, Bool)
    case reply(prompt: EntityID, Bool)
    /// A test's own hand: sets the status of the last run whatever the scheduler thinks of it.
    case force(job: EntityID, status: JobStatus, returnCode: Int?)
}

/// The part of a rerun request the simulated engine honours.
package struct RerunRequest: Sendable {
    package var priority = 10
    package var type = RerunType.rerun
    package var step = ""
    /// Seconds since the start of the first plan day.
    package var startTime: Int?

    package init() {}
}

/// A job that is in no model, put into the stream JOBS of its workstation.
package struct AdHocSubmission: Sendable {
    var name: String
    var workstation: EntityID
    var stream: EntityID?
    var taskText: String
    var taskType: String
    var isCommand: Bool
    var user: String
    var priority: Int
    var critical: Bool
    var requiresConfirmation: Bool
    var recovery: RecoveryOption
    var uniqueName: Bool
    /// Seconds since the start of the first plan day; nil: now.
    var scheduledAt: Int?
    /// Assigned when the submission is accepted.
    var place: Place?

    /// The stream a submitted job goes to and where in it.
    struct Place: Sendable {
        var stream: EntityID
        var number: Int
        var position: Int
    }
}

/// A further instance of a job stream of the model.
package struct StreamSubmission: Sendable {
    /// Number of the model's stream.
    var model: Int
    var alias: String?
    var scheduledAt: Int?
    var priority: Int?
    var carryForward: Bool?
    /// Assigned when the submission is accepted.
    var number = 0
}

/// Why the engine does not accept an action.
package struct ActionRefusal: Error {
    enum Code: Sendable {
        case notFound
        case invalid
        case conflict
    }

    let code: Code
    let message: String

    static func notFound(_ kind: String, _ id: some CustomStringConvertible) -> ActionRefusal {
        ActionRefusal(code: .notFound, message: "AWSJDB101E The object \"\(kind)=\(id)\" was not found.")
    }

    static func invalid(_ message: String) -> ActionRefusal {
        ActionRefusal(code: .invalid, message: "AWSBHU000E \(message)")
    }
}
