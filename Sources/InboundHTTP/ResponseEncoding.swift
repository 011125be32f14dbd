import NIOCore
import NIOHTTP1

/// Writes the heads of answers into the connection's output.
enum ResponseEncoding {
    /// How the end of the content is told.
    enum Framing {
        case length(Int)
        case chunked
        case untilClose
        /// The status allows no content.
        case none
    }

    static let continueLine = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    static let lastChunk = ByteBuffer(string: "0\r\n\r\n")
    static let closeField = Array("connection: close\r\n".utf8)
    static let keepAliveField = Array("connection: keep-alive\r\n".utf8)
    static let lineEnd = Array("\r\n".utf8)

    private static let contentLength = Array("content-length: ".utf8)
    private static let chunkedField = Array("transfer-encoding: chunked\r\n".utf8)
    private static let firstStatus = 100
    private static let statusLines: [[UInt8]] = (firstStatus..<600).map { code in
        Array("HTTP/1.1 \(code) \(HTTPResponseStatus(statusCode: code).reasonPhrase)\r\n".utf8)
    }

    static func writeStatusLine(_ status: HTTPResponseStatus, into head: inout [UInt8]) {
        let index = Int(status.code) - Self.firstStatus
        // A status outside the known classes is a mistake of a handler.
        head.append(
            contentsOf: Self.statusLines.indices.contains(index) ? Self.statusLines[index] : Self.statusLines[400]
        )
    }

    static func writeFields(_ response: HTTPResponse, framing: Framing, into head: inout [UInt8]) {
        if let contentType = response.contentType { head.append(contentsOf: contentType.field) }
        switch framing {
        case .length(let count):
            head.append(contentsOf: Self.contentLength)
            Self.writeDecimal(count, into: &head)
            head.append(contentsOf: Self.lineEnd)
        case .chunked: head.append(contentsOf: Self.chunkedField)
        case .untilClose, .none: break
        }
        for (name, value) in response.headers where Self.mayWrite(name: name, value: value) {
            Self.writeField(name, value, into: &head)
        }
    }

    static func writeField(_ name: String, _ value: String, into head: inout [UInt8]) {
        head.append(contentsOf: name.utf8)
        head.append(UInt8(ascii: ":"))
        head.append(UInt8(ascii: " "))
        head.append(contentsOf: value.utf8)
        head.append(contentsOf: Self.lineEnd)
    }

    /// Framing and connection are the server's business, and a line break would let a value end the head.
    static func mayWrite(name: String, value: String) -> Bool {
        switch name.utf8.count {
        case 4 where name.equalsIgnoringCase("date"), 10 where name.equalsIgnoringCase("connection"),
            14 where name.equalsIgnoringCase("content-length"), 17 where name.equalsIgnoringCase("transfer-encoding"):
            return false
        default:
            return self.isName(name) && self.isValue(value)
        }
    }

    private static func isName(_ name: String) -> Bool {
        let bytes = name.utf8Span.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: ":") { return false }
        }
        return !bytes.isEmpty
    }

    private static func isValue(_ value: String) -> Bool {
        let bytes = value.utf8Span.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return false }
        }
        return true
    }

    private static func writeDecimal(_ number: Int, into head: inout [UInt8]) {
        if number >= 10 { Self.writeDecimal(number / 10, into: &head) }
        head.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    static func chunk(_ bytes: ByteBuffer) -> ByteBuffer {
        var chunk = ByteBuffer()
        chunk.reserveCapacity(bytes.readableBytes + 20)
        chunk.writeString(String(bytes.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(bytes)
        chunk.writeStaticString("\r\n")
        return chunk
    }
}
