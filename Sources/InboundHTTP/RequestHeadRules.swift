import NIOHTTP1

/// What the server needs to know of a head before routing, gathered in one pass over the fields; refuses what NIO's
/// decoder lets through although RFC 9110 and 9112 do not.
struct RequestHeadRules {
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var keepsAlive: Bool
    private(set) var expectsContinue = false
    private(set) var asksForUpgrade = false
    private(set) var acceptsGzip = false
    private(set) var requestID: String?
    private(set) var traceParent: String?
    private(set) var hasForwardedFor = false
    /// What is wrong; the connection is closed after it has been answered.
    private(set) var problem: HTTPProblem?

    private var hosts = 0
    private var transferEncodings = 0
    private var bytes: Int

    var hasBody: Bool { self.isChunked || (self.contentLength ?? 0) > 0 }

    init(_ head: HTTPRequestHead, limits: HTTPLimits) {
        let isVersion11 = head.version == .http1_1
        self.keepsAlive = isVersion11
        self.bytes = head.uri.utf8.count
        if self.bytes > limits.targetBytes {
            self.refuse(HTTPProblem(.uriTooLong, code: "target-too-long"))
        }
        for (name, value) in head.headers {
            self.bytes += name.utf8.count + value.utf8.count
            self.read(
                name: name,
                value: value.endsWithBlank ? String(value[...].trimmingBlanks()) : value,
                isVersion11: isVersion11
            )
        }
        if self.bytes > limits.headBytes { self.refuse(.headTooLarge) }
        if self.hosts > 1 || (self.hosts == 0 && isVersion11) {
            self.refuse(.invalidRequest("A request has exactly one Host field."))
        }
        if head.method == .CONNECT { self.refuse(.notImplemented) }
        if head.version.major == 1, head.version.minor > 1 { self.refuse(.versionNotSupported) }
    }

    private mutating func read(name: String, value: String, isVersion11: Bool) {
        switch name.utf8.count {
        case 4 where name.equalsIgnoringCase("host"):
            self.hosts += 1
            if !HostRule.isValid(value) { self.refuse(.invalidRequest("The Host field is not a host and port.")) }
        case 6 where name.equalsIgnoringCase("expect"):
            // Ignored in HTTP/1.0 (RFC 9110, section 10.1.1).
            guard isVersion11 else { return }
            if value.equalsIgnoringCase("100-continue") {
                self.expectsContinue = true
            } else {
                self.refuse(HTTPProblem(.expectationFailed, code: "expectation-failed"))
            }
        case 7 where name.equalsIgnoringCase("upgrade"): self.asksForUpgrade = true
        case 10 where name.equalsIgnoringCase("connection"): self.readConnection(value)
        case 11 where name.equalsIgnoringCase("traceparent"):
            self.traceParent = value
        case 12 where name.equalsIgnoringCase("x-request-id"):
            self.requestID = value
        case 14 where name.equalsIgnoringCase("content-length"): self.readContentLength(value)
        case 15 where name.equalsIgnoringCase("accept-encoding"):
            self.acceptsGzip = Compression.isAccepted(by: value) || self.acceptsGzip
        case 15 where name.equalsIgnoringCase("x-forwarded-for"):
            self.hasForwardedFor = true
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            self.transferEncodings += 1
            self.isChunked = true
            if !isVersion11 || self.transferEncodings > 1 || !value.equalsIgnoringCase("chunked") {
                self.refuse(.invalidRequest("The only transfer coding is chunked, once, in HTTP/1.1."))
            }
        default: break
        }
    }

    private mutating func readConnection(_ value: String) {
        for option in value.split(separator: ",") {
            let option = option.trimmingBlanks()
            if option.equalsIgnoringCase("close") {
                self.keepsAlive = false
                return
            }
            if option.equalsIgnoringCase("keep-alive") { self.keepsAlive = true }
        }
    }

    private mutating func readContentLength(_ value: String) {
        // NIO's decoder has refused signs, lists and repetitions; what is left may still not fit.
        if value.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), !value.isEmpty {
            self.contentLength = Int(value) ?? Int.max
        } else {
            self.refuse(.invalidRequest("The Content-Length field is not a number."))
        }
    }

    private mutating func refuse(_ problem: HTTPProblem) {
        self.keepsAlive = false
        self.problem = self.problem ?? problem
    }
}

extension HTTPProblem {
    static var headTooLarge: Self {
        Self(.requestHeaderFieldsTooLarge, code: "head-too-large", title: "Request Header Fields Too Large")
    }

    static var notImplemented: Self { Self(.notImplemented, code: "not-implemented") }

    static var versionNotSupported: Self {
        Self(.httpVersionNotSupported, code: "version-not-supported", detail: "This is an HTTP/1.1 server.")
    }
}

/// The syntax of the Host field: a registered name, an IPv4 address or an IPv6 address in brackets, and a port.
enum HostRule {
    static func isValid(_ value: String) -> Bool {
        let bytes = value.utf8Span.span
        var index = 0
        if bytes.count > 0, bytes[0] == UInt8(ascii: "[") {
            index = 1
            while index < bytes.count, self.isAddressByte(bytes[index]) { index += 1 }
            guard index > 1, index < bytes.count, bytes[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < bytes.count, self.isNameByte(bytes[index]) { index += 1 }
            guard index > 0 else { return false }
        }
        if index == bytes.count { return true }
        guard bytes[index] == UInt8(ascii: ":"), bytes.count - index <= 6 else { return false }
        for digit in index + 1..<bytes.count where !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[digit]) {
            return false
        }
        return true
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Unreserved, sub-delimiters and percent signs (RFC 3986, section 3.2.2).
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

extension String {
    /// `lowercase` is ASCII in lower case.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        let bytes = self.utf8Span.span
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        let expected = UnsafeBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)
        for index in bytes.indices {
            let byte = bytes[index]
            if (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte) != expected[index] { return false }
        }
        return true
    }

    fileprivate var endsWithBlank: Bool {
        let bytes = self.utf8Span.span
        guard let last = bytes.indices.last else { return false }
        return bytes[last] == UInt8(ascii: " ") || bytes[last] == UInt8(ascii: "\t")
    }
}

extension Substring {
    /// `lowercase` is ASCII in lower case.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool { String(self).equalsIgnoringCase(lowercase) }

    func trimmingBlanks() -> Substring {
        var trimmed = self.drop { $0 == " " || $0 == "\t" }
        while let last = trimmed.last, last == " " || last == "\t" { trimmed.removeLast() }
        return trimmed
    }
}
