import OutboundHTTP

/// One request to an engine, independent of the master it goes to.
struct TWSCall: Sendable {
    /// For errors, leases and metrics, such as `plan/job list`.
    let operation: String
    var method = "GET"
    /// Below the base path, parts already encoded by ``TWSPath``.
    let path: String
    var query: [(name: String, value: String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8]?
    /// Whether a repetition after an unknown outcome does no harm.
    var idempotent = true
    var accept = "application/json"
    /// Instead of the client's own, for answers that are silent for long.
    var readTimeout: Duration?

    /// A call that changes something: the engine answers 415 to a bodiless PUT, so an empty object is sent.
    static func action(
        _ operation: String,
        method: String = "PUT",
        path: String,
        body: [UInt8] = Self.emptyBody
    ) -> Self {
        Self(operation: operation, method: method, path: path, body: body, idempotent: false)
    }

    static let emptyBody = Array("{}".utf8)

    func request(
        master: TWSMaster,
        credentials: TWSCredentials,
        requestID: String?
    ) -> HTTPClientRequest {
        var url = master.base + self.path
        for (index, parameter) in self.query.enumerated() {
            url += "\(index == 0 ? "?" : "&")\(parameter.name)=\(TWSPath.encoded(parameter.value))"
        }
        var headers = HTTPHeaderFields(self.headers)
        headers.add("Accept", self.accept)
        if self.body != nil { headers.add("Content-Type", "application/json") }
        if let authorization = credentials.authorization { headers.add("Authorization", authorization) }
        return HTTPClientRequest(
            method: self.method,
            url: url,
            headers: headers,
            body: self.body,
            owner: self.operation,
            requestID: requestID
        )
    }
}

/// Why an operator does something, for sites that demand it and for the engine's own audit.
package struct TWSJustification: Sendable, Hashable {
    package var category: String?
    package var description: String?
    package var ticket: String?

    package init(category: String? = nil, description: String? = nil, ticket: String? = nil) {
        self.category = category
        self.description = description
        self.ticket = ticket
    }

    var headers: [(String, String)] {
        let values = [
            ("Justification-Category", self.category), ("Justification-Description", self.description),
            ("Justification-Ticket-Num", self.ticket),
        ]
        return values.compactMap { name, value in value.map { (name, Self.headerValue($0)) } }
    }

    /// People write line breaks; a header cannot carry them.
    private static func headerValue(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return String(String(String.UnicodeScalarView(scalars)).prefix(500))
    }
}

/// Parts of paths and queries; identifiers are opaque and may contain anything.
enum TWSPath {
    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Self.hexadecimal[Int(byte >> 4)])
                bytes.append(Self.hexadecimal[Int(byte & 0xF)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One segment; `.` and `..` would be taken for a place in the path.
    static func segment(_ id: String) throws(TWSError) -> String {
        guard !id.isEmpty, id != ".", id != "..", id.utf8.count <= 512 else {
            throw TWSError(code: .invalidRequest, message: "not an identifier: \(id.prefix(64).debugDescription)")
        }
        return self.encoded(id)
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)
}

extension TWSCredentials {
    fileprivate var authorization: String? {
        switch self {
        case .basic(let username, let password):
            "Basic \(Base64.encoded(Array("\(username):\(password)".utf8)))"
        case .bearer(let token): "Bearer \(token)"
        case .none: nil
        }
    }
}

/// RFC 4648, for the one header that needs it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for index in 0..<4 {
                result.append(
                    index <= group.count ? Self.alphabet[value >> (18 - 6 * index) & 0x3F] : UInt8(ascii: "=")
                )
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
