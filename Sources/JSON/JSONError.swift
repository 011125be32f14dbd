/// Why a text is not JSON.
///
/// The place is not known: the parser finds structure in blocks of 64 bytes and reports only the kind of mistake.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The bytes are not one valid JSON text: syntax, UTF-8, an integer beyond 64 bits, a number beyond a double.
        case invalid
        /// Arrays and objects are nested deeper than ``JSONDocument/maximumDepth``.
        case tooDeep
        /// The text is larger than the parser accepts (4 GiB) or there is no memory for it.
        case capacity
    }

    package let code: Code
    package let message: String

    package var description: String { self.message }
}
