/// Who holds a connection or waits for one, as shown in listings and in the errors of others.
package struct LeaseOwner: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The part of the program, for instance `audit.append`.
    package var label: String
    package var requestID: String?

    package init(_ label: String, requestID: String? = nil) {
        self.label = label
        self.requestID = requestID
    }

    package init(stringLiteral label: String) {
        self.init(label)
    }

    package var description: String {
        self.requestID.map { "\(self.label) (request \($0))" } ?? self.label
    }
}
