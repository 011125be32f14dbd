import JSON

/// An answer before anything goes wrong with it.
struct SimulatorReply: Sendable {
    /// What follows the head.
    enum Body: Sendable {
        case bytes([UInt8])
        /// A job log that is written while its run goes on.
        case log(FollowedLog)
    }

    var status: Int
    /// Besides those of the wire: length, date, connection.
    var headers: [(name: String, value: String)] = []
    var body = Body.bytes([])
    /// Rows of a list, for latency that grows with them.
    var rows = 0

    static func json(_ writer: JSONWriter, status: Int = 200, rows: Int = 0) -> SimulatorReply {
        SimulatorReply(
            status: status,
            headers: [("Content-Type", "application/json")],
            body: .bytes(writer.bytes),
            rows: rows
        )
    }

    static func html(_ status: Int, _ text: String) -> SimulatorReply {
        SimulatorReply(
            status: status,
            headers: [("Content-Type", "text/html; charset=utf-8")],
            body: .bytes(Array(text.utf8))
        )
    }

    /// `{"messages":[…]}`, the form assumed for the product's errors.
    static func messages(_ status: Int, _ message: String) -> SimulatorReply {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("messages", [message])
        writer.endObject()
        return .json(writer, status: status)
    }
}

/// Which part of which log is being followed.
struct FollowedLog: Sendable {
    let run: String
    let contentOnly: Bool
    let fromLine: Int
    let toLine: Int
}

/// A request that is not answered with what it asked for.
struct OperationError: Error, Equatable {
    let status: Int
    let message: String

    static func badRequest(_ message: String) -> OperationError {
        OperationError(status: 400, message: "AWSBHU000E \(message)")
    }

    static func notFound(_ kind: String, _ id: String) -> OperationError {
        OperationError(status: 404, message: "AWSJDB101E The object \"\(kind)=\(id)\" was not found.")
    }

    init(status: Int, message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: QueryError) {
        self.init(status: 400, message: error.message)
    }

    init(_ refusal: ActionRefusal) {
        switch refusal.code {
        case .notFound: self.init(status: 404, message: refusal.message)
        case .invalid: self.init(status: 400, message: refusal.message)
        case .conflict: self.init(status: 409, message: refusal.message)
        }
    }

    /// Who asks has not proved who it is.
    static let unauthorized = OperationError(
        status: 401,
        message: "AWSBEH021E The user is not authorized to access the server."
    )

    /// The answer in the form the configuration asks for.
    func reply(_ form: SimulatorConfiguration.ErrorBody) -> SimulatorReply {
        switch form {
        case .messages: .messages(self.status, self.message)
        case .empty: SimulatorReply(status: self.status)
        case .html: .html(self.status, "<html><body>Error \(self.status)</body></html>")
        }
    }
}
