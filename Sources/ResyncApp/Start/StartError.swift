/// Why the server, or a command, could not start, with the exit code scripts rely on.
package struct StartError: Error, CustomStringConvertible {
    package enum Code: Int32, Sendable {
        /// What was asked for cannot be: an unknown role, a weak password, an account that does not exist.
        case usage = 64
        /// A backend that is needed is not there.
        case unavailable = 69
        case internalError = 70
        /// An address cannot be listened on, or a file cannot be created.
        case cannotCreate = 73
        case permission = 77
        case settings = 78
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
