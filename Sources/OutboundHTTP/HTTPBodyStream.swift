/// A request body that is made while it is sent, one piece at a time.
package struct HTTPBodyStream: Sendable {
    /// Bytes altogether; nil when that is not known before the end, and the body is sent in chunks.
    package let length: Int?
    /// The next piece, nil at the end; called again when the one before has been handed to the system.
    ///
    /// When it throws, the request ends with its error. It is cancelled when the response is there before its end.
    package let next: @Sendable () async throws -> [UInt8]?

    package init(length: Int? = nil, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.next = next
    }
}
