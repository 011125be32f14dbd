/// Who holds a connection or waits for one, as shown in listings and in the errors of others.
@frozen public struct LeaseOwner: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The part of the program, for instance `audit.append`.
    @usableFromInline package var label: String
    @usableFromInline package var requestID: String?

    /// `requestID` is the one the front end was told.
    @inlinable public init(_ label: String, requestID: String? = nil) {
        self.label = label
        self.requestID = requestID
    }

    /// An owner that acts for no request.
    @inlinable public init(stringLiteral label: String) {
        self.init(label)
    }

    /// For errors and logs.
    @inlinable public var description: String {
        self.requestID.map { "\(self.label) (request \($0))" } ?? self.label
    }
}
