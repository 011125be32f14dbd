/// Why the simulator cannot start or do what a test asks of it.
package struct SimulatorError: Error, CustomStringConvertible {
    package enum Code: Sendable {
        /// A port is taken or not allowed.
        case cannotBind
        case certificate
        /// A file cannot be written.
        case cannotCreate
        case unknownJob
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        self.cause.map { "\(self.message): \($0)" } ?? self.message
    }
}
