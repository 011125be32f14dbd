import Glibc

/// What can go wrong with a reactor, its descriptors or its dial threads.
package struct ReactorError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The system refused a descriptor or a thread.
        case system(errno: CInt)
        /// The descriptor is registered already.
        case alreadyRegistered
        /// The registration was removed, or its descriptor belongs to a newer one.
        case notRegistered
        /// The name has no address, now or ever; `temporary` when asking again may help.
        case unknownHost(temporary: Bool)
        case deadlineExceeded
        /// The queue of the dial threads is full.
        case overloaded
        case stopped
    }

    package let code: Code
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    static func system(_ call: String, errno code: CInt) -> Self {
        Self(.system(errno: code), "\(call) failed: \(systemMessage(code))")
    }

    package var description: String { self.message }
}

/// The system's words for an error number.
private func systemMessage(_ code: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
