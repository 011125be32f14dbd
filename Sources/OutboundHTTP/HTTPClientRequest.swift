/// A request to one of the origins of a client.
package struct HTTPClientRequest: Sendable {
    package var method: String
    /// Absolute; paths and queries are sent as they are, so that they must be percent-encoded already.
    package var url: String
    /// Refused when a name is no token, a value has a line break, or the client has to set the field itself.
    package var headers: HTTPHeaderFields
    package var body: [UInt8]?
    /// Instead of `body`.
    package var bodyStream: HTTPBodyStream?
    /// The part of the program that asks, for the listing of leases.
    package var owner: String
    package var requestID: String?
    /// Instead of the settings' limit.
    package var maxBodyBytes: Int?
    /// Instead of the settings' timeout.
    package var readTimeout: Duration?

    package init(
        method: String = "GET",
        url: String,
        headers: HTTPHeaderFields = [],
        body: [UInt8]? = nil,
        owner: String,
        requestID: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.owner = owner
        self.requestID = requestID
    }
}

extension HTTPClientRequest {
    /// What the client sets itself; another value would let a server see two requests where one was meant.
    private static let reservedFields: Set<String> = [
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// Refuses what would be read as something else than it says.
    func validate() throws(HTTPClientError) {
        guard Self.isToken(self.method) else {
            throw HTTPClientError(.invalidRequest, "\(self.method.debugDescription) is no method")
        }
        for field in self.headers.fields {
            guard Self.isToken(field.name) else {
                throw HTTPClientError(.invalidRequest, "\(field.name.debugDescription) is no header name")
            }
            guard !Self.reservedFields.contains(field.name.lowercased()) else {
                throw HTTPClientError(.invalidRequest, "the client sets the header \(field.name) itself")
            }
            // The value may be a secret and is not repeated.
            guard field.value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                throw HTTPClientError(.invalidRequest, "the value of header \(field.name) has control characters")
            }
        }
    }

    /// A token of RFC 9110 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
