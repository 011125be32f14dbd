/// What an operation works with: the request, the plan it reads, and a way to change the plan.
struct OperationScope {
    let request: SimulatorRequest
    let query: QueryItems
    /// The values of the route's parameters.
    let parameters: [String]
    let view: PlanView
    let configuration: SimulatorConfiguration
    /// Scheme, host and port for URLs in answers.
    let baseURL: String
    let paging: FaultEffect.Paging?
    let bigLog: FaultEffect.BigLog?
    /// Gives an action to the engine; returns the id of the object it concerns or creates.
    let submit: (OperatorAction) throws(ActionRefusal) -> EntityID

    func perform(_ action: OperatorAction) throws(OperationError) -> EntityID {
        do { return try self.submit(action) } catch { throw OperationError(error) }
    }

    /// The view's `plan_id` is the only one there is.
    func checkPlan() throws(OperationError) {
        guard let plan = self.query["plan_id"], plan != "current",
            plan != self.view.engine.parameters.id("plan|current").description
        else { return }
        throw .notFound("plan", plan)
    }
}

/// One of the calls the simulator answers.
struct Operation: Sendable {
    let id: String
    let method: String
    /// Below `/twsd/api/v2`; `*` stands for a parameter.
    let template: [String]
    /// Needs a JSON content type even without a body.
    var needsContentType = false
    let answer: @Sendable (OperationScope) throws(OperationError) -> SimulatorReply

    init(
        _ id: String,
        _ method: String,
        _ template: String,
        needsContentType: Bool = false,
        answer: @escaping @Sendable (OperationScope) throws(OperationError) -> SimulatorReply
    ) {
        self.id = id
        self.method = method
        self.template = template.split(separator: "/").map(String.init)
        self.needsContentType = needsContentType
        self.answer = answer
    }

    static let all: [Operation] =
        engineOperations + jobOperations + jobActionOperations + streamOperations + objectOperations

    /// What a path and a method lead to.
    enum Match {
        case operation(Operation, parameters: [String])
        case wrongMethod(allowed: [String])
        case unknownPath
    }

    static func match(method: String, segments: [String]) -> Match {
        guard segments.count > 3, segments[0...2] == ["twsd", "api", "v2"] else { return .unknownPath }
        let path = segments[3...]
        var allowed: [String] = []
        // Literal segments win over parameters, whatever the order of the table.
        var best: (operation: Operation, parameters: [String])?
        for operation in self.all {
            guard let parameters = operation.parameters(of: path) else { continue }
            guard operation.method == method else {
                allowed.append(operation.method)
                continue
            }
            if best.map({ $0.parameters.count > parameters.count }) ?? true { best = (operation, parameters) }
        }
        if let best { return .operation(best.operation, parameters: best.parameters) }
        return allowed.isEmpty ? .unknownPath : .wrongMethod(allowed: allowed)
    }

    private func parameters(of path: ArraySlice<String>) -> [String]? {
        guard path.count == self.template.count else { return nil }
        var result: [String] = []
        for (expected, actual) in zip(self.template, path) {
            if expected == "*" {
                result.append(actual)
            } else if expected != actual {
                return nil
            }
        }
        return result
    }
}
