/// What goes wrong in the server itself, as opposed to in a request.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case cannotBind
        case tls
        case invalidSettings
        case bodyReadTwice
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    static let bodyReadTwice = Self(.bodyReadTwice, "two tasks read the body of one request")

    package var description: String {
        self.cause.map { "\(self.message): \($0)" } ?? self.message
    }
}
