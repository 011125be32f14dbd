import Concurrency
import JSON

/// Something an operator does to the plan.
package enum TWSAction: Sendable, Hashable {
    case job(id: String, TWSJobAction)
    /// Runs a job again; `run` is the id of its last run.
    case rerun(run: String, TWSRerunOptions = TWSRerunOptions())
    case cancelStream(id: String)
    /// Submits a job stream of the model; the receipt names the new instance.
    case submitStream(modelID: String, TWSSubmitOptions = TWSSubmitOptions())
    case workstation(id: String, TWSWorkstationAction)
    case replyToPrompt(id: String, yes: Bool)
}

/// What an operator can do to a job.
package enum TWSJobAction: Sendable, Hashable {
    case cancel
    case kill
    case hold
    case release
    case confirmSuccessful
    case confirmAbended
    /// 0 holds, 100 is "hi", 101 is "go".
    case setPriority(Int)
    case releaseDependencies
}

/// What an operator can do to a workstation.
package enum TWSWorkstationAction: Sendable, Hashable {
    case start
    case stop
    /// Jobs at once, 0 to 1024.
    case setLimit(Int)
}

/// How a job is run again.
package struct TWSRerunOptions: Sendable, Hashable {
    package var priority: Int?
    /// Milliseconds since 1970.
    package var startAt: Int64?
    package var stepName: String?
    /// Also what follows, so many steps deep.
    package var successorDepth: Int?
    package var variables: [String: String] = [:]

    package init() {}
}

/// How a job stream is submitted.
package struct TWSSubmitOptions: Sendable, Hashable {
    /// Milliseconds since 1970.
    package var inputArrival: Int64?
    package var alias: String?
    package var parameters: [String: String] = [:]
    package var priority: Int?

    package init() {}
}

/// That the engine has accepted a call; its effect comes later.
package struct TWSReceipt: Sendable, Hashable {
    /// The object acted upon or created; nil when the engine did not say.
    package let id: String?

    /// - Throws: `rejected` when the answer says so in its body, whatever its status was.
    init(_ answer: JSONElement?, operation: String) throws(TWSError) {
        guard let answer else {
            self.id = nil
            return
        }
        // A submission answers a list of what it created.
        let first = answer["results"]?.elements.flatMap { Array($0).first }
        if let refused = [answer, first].compactMap({ $0 }).first(where: Self.isRefusal) {
            let text = refused.text("message") ?? "refused without explanation"
            throw TWSError(
                code: .rejected,
                messageID: TWSErrorBody.messageID(in: text),
                message: "\(operation): \(text)"
            )
        }
        self.id = answer.text("id") ?? first?.text("id")
    }

    private static func isRefusal(_ answer: JSONElement) -> Bool {
        answer.flag("isError") || answer.flag("error")
    }
}

/// Changing the plan.
extension TWSClient {
    /// Asks the engine to do something; only what does nothing more when repeated is repeated after an unknown outcome.
    package func perform(
        _ action: TWSAction,
        justification: TWSJustification? = nil,
        deadline: Deadline,
        requestID: String? = nil
    ) async throws -> TWSReceipt {
        let call = try action.call(justification)
        let answer = try await self.sendForReceipt(call, deadline: deadline, requestID: requestID)
        return try TWSReceipt(answer?.document.root, operation: call.operation)
    }
}
