/// Why a private file could not be read or written.
package struct KeyFileError: Error, CustomStringConvertible {
    package let code: Code

    /// What happened in words, with the path; never what the file contains.
    package let message: String

    /// The error number of the system call that failed, when one did.
    package let errorNumber: Int32?

    package init(_ code: Code, _ message: String, errorNumber: Int32? = nil) {
        self.code = code
        self.message = message
        self.errorNumber = errorNumber
    }

    /// The kinds of failure callers tell apart.
    package enum Code: Sendable, Hashable {
        case missing
        /// Someone besides the owner and its group may read the file, or someone besides the owner may change it.
        case tooOpen
        /// The content is not what such a file holds, or the file is not a regular one.
        case malformed
        case inputOutput
    }

    package var description: String { self.message }
}
