import Foundation
import InboundHTTP
import NIOCore
import NIOHTTP1
import Testing

/// What goes over the wire and what must come back: the requests that servers get wrong, by RFC 9110 and RFC 9112.
struct Probe: Sendable, CustomTestStringConvertible {
    var name: String
    var request: String
    var status: Int
    /// Whether the connection still serves a request afterwards.
    var fate: RawClient.Fate

    var testDescription: String { self.name }

    init(_ name: String, _ request: String, _ status: Int, _ fate: RawClient.Fate) {
        self.name = name
        self.request = request
        self.status = status
        self.fate = fate
    }

    static let host = "Host: a\r\n"

    static let all: [Probe] =
        Self.requestLines + Self.hosts + Self.fields + Self.lengths + Self.codings + Self.persistence + Self.methods
        + Self.expectations + Self.upgrades + Self.targets

    static let requestLines = [
        Probe("plain request", "GET /ok HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("empty lines before it", "\r\n\r\nGET /ok HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("HTTP/2.0 line", "GET /ok HTTP/2.0\r\n\(host)\r\n", 505, .closed),
        Probe("HTTP/1.9 line", "GET /ok HTTP/1.9\r\n\(host)\r\n", 505, .closed),
        Probe("HTTP/0.9 line", "GET /ok HTTP/0.9\r\n\(host)\r\n", 505, .closed),
        Probe("HTTP/11 line", "GET /ok HTTP/11\r\n\(host)\r\n", 400, .closed),
        Probe("no version", "GET /ok\r\n\(host)\r\n", 400, .closed),
        Probe("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, .closed),
        Probe("lower-case protocol name", "GET /ok http/1.1\r\n\(host)\r\n", 400, .closed),
        // Allowed by RFC 9112, section 3, and harmless, because the target is what the decoder found.
        Probe("two spaces", "GET  /ok HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("space in target", "GET /o k HTTP/1.1\r\n\(host)\r\n", 400, .closed),
        Probe("eight-bit target", "GET /ö HTTP/1.1\r\n\(host)\r\n", 400, .closed),
        Probe("tab for space", "GET\t/ok HTTP/1.1\r\n\(host)\r\n", 400, .closed),
        Probe("TLS hello", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\r\n\r\n", 400, .closed),
        Probe("bare LF after the line", "GET /ok HTTP/1.1\nHost: a\n\n", 400, .closed),
        Probe("target too long", "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n\(host)\r\n", 414, .closed),
        Probe(
            "target far too long",
            "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\(host)\r\n",
            414,
            .closed
        ),
    ]

    static let hosts = [
        Probe("no Host", "GET /ok HTTP/1.1\r\n\r\n", 400, .closed),
        Probe("two Hosts", "GET /ok HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, .closed),
        Probe("empty Host", "GET /ok HTTP/1.1\r\nHost:\r\n\r\n", 400, .closed),
        Probe("Host with space and slash", "GET /ok HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400, .closed),
        Probe("Host with user", "GET /ok HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, .closed),
        Probe("Host with list", "GET /ok HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, .closed),
        Probe("Host with bad port", "GET /ok HTTP/1.1\r\nHost: a:x\r\n\r\n", 400, .closed),
        Probe("Host with port", "GET /ok HTTP/1.1\r\nHost: a:80\r\n\r\n", 200, .open),
        Probe("Host IPv6", "GET /ok HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, .open),
        Probe("Host IPv6 open bracket", "GET /ok HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, .closed),
        Probe("HTTP/1.0 without Host", "GET /ok HTTP/1.0\r\n\r\n", 200, .closed),
        Probe("HTTP/1.0 with two Hosts", "GET /ok HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, .closed),
    ]

    static let fields = [
        Probe("space before colon", "GET /ok HTTP/1.1\r\nHost : a\r\n\r\n", 400, .closed),
        Probe("folded field", "GET /ok HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", 400, .closed),
        Probe("field without colon", "GET /ok HTTP/1.1\r\n\(host)X\r\n\r\n", 400, .closed),
        Probe("field without name", "GET /ok HTTP/1.1\r\n\(host): x\r\n\r\n", 400, .closed),
        Probe("NUL in value", "GET /ok HTTP/1.1\r\n\(host)X: a\u{0}b\r\n\r\n", 400, .closed),
        Probe("CR in value", "GET /ok HTTP/1.1\r\n\(host)X: a\rb\r\n\r\n", 400, .closed),
        Probe("leading space before first field", "GET /ok HTTP/1.1\r\n Host: a\r\n\r\n", 400, .closed),
        Probe("tab around value", "GET /ok HTTP/1.1\r\nHost:\ta\t\r\n\r\n", 200, .open),
        Probe("a hundred fields", "GET /ok HTTP/1.1\r\n\(host)\(repeated("X: y\r\n", 99))\r\n", 200, .open),
        Probe("too many fields", "GET /ok HTTP/1.1\r\n\(host)\(repeated("X: y\r\n", 300))\r\n", 431, .closed),
        Probe("long field", "GET /ok HTTP/1.1\r\n\(host)X: \(repeated("y", 20_000))\r\n\r\n", 431, .closed),
        Probe("long field name", "GET /ok HTTP/1.1\r\n\(host)\(repeated("y", 20_000)): x\r\n\r\n", 431, .closed),
        Probe(
            "much head",
            "GET /ok HTTP/1.1\r\n\(host)\(repeated("X: \(repeated("y", 1_000))\r\n", 90))\r\n",
            431,
            .closed
        ),
        Probe("endless empty lines", repeated("\r\n", 60_000), 431, .closed),
    ]

    static let lengths = [
        Probe("signed length", post("Content-Length: +5\r\n", "hello"), 400, .closed),
        Probe("negative length", post("Content-Length: -5\r\n", "hello"), 400, .closed),
        Probe("hexadecimal length", post("Content-Length: 0x5\r\n", "hello"), 400, .closed),
        Probe("list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400, .closed),
        Probe("same length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400, .closed),
        Probe("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400, .closed),
        Probe("empty length", post("Content-Length:\r\n", ""), 400, .closed),
        Probe("length of 2^63", post("Content-Length: 9223372036854775808\r\n", ""), 413, .closed),
        Probe("length of 2^64", post("Content-Length: 18446744073709551616\r\n", ""), 400, .closed),
        Probe("length over the limit", post("Content-Length: 1048577\r\n", ""), 413, .closed),
        Probe("length over the route's limit", post("Content-Length: 17\r\n", "", to: "/small"), 413, .closed),
        Probe(
            "length with coding",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            400,
            .closed
        ),
        Probe("length zero", post("Content-Length: 0\r\n", ""), 200, .open),
        Probe("body read", post("Content-Length: 5\r\n", "hello"), 200, .open),
        Probe("body ignored", post("Content-Length: 5\r\n", "hello", to: "/ignore"), 200, .open),
        Probe("body sent to nowhere", post("Content-Length: 5\r\n", "hello", to: "/nowhere"), 404, .open),
        Probe("body of GET", "GET /ok HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello", 200, .open),
    ]

    static let codings = [
        Probe("chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), 200, .open),
        Probe("chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 200, .open),
        Probe("chunk extension", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), 200, .open),
        Probe("trailer", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), 200, .open),
        Probe("xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400, .closed),
        Probe("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400, .closed),
        Probe("chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400, .closed),
        Probe("chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400, .closed),
        Probe(
            "chunked twice",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            400,
            .closed
        ),
        Probe("identity", post("Transfer-Encoding: identity\r\n", ""), 400, .closed),
        Probe("empty coding", post("Transfer-Encoding:\r\n", ""), 400, .closed),
        Probe(
            "chunked in HTTP/1.0",
            "POST /echo HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            .closed
        ),
        Probe("chunk size 0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400, .closed),
        Probe("chunk size signed", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400, .closed),
        Probe("chunk size with space", chunked("5 \r\nhello\r\n0\r\n\r\n"), 400, .closed),
        Probe("chunk size too large", chunked("FFFFFFFFFFFFFFFFF\r\nhello\r\n"), 400, .closed),
        Probe("chunk longer than its size", chunked("3\r\nhello\r\n0\r\n\r\n"), 400, .closed),
        Probe("chunk lines end in LF", chunked("5\nhello\n0\n\n"), 400, .closed),
        Probe(
            "chunks beyond the limit",
            chunked("20\r\n\(repeated("x", 32))\r\n0\r\n\r\n", to: "/small"),
            413,
            .closed
        ),
        Probe("endless chunk extension", chunked("5;\(repeated("x", 200_000))"), 400, .closed),
    ]

    static let persistence = [
        Probe("close", "GET /ok HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200, .closed),
        Probe("CLOSE", "GET /ok HTTP/1.1\r\n\(host)Connection: CLOSE\r\n\r\n", 200, .closed),
        Probe("close last in a list", "GET /ok HTTP/1.1\r\n\(host)Connection: x, close\r\n\r\n", 200, .closed),
        Probe("close first in a list", "GET /ok HTTP/1.1\r\n\(host)Connection: close , x\r\n\r\n", 200, .closed),
        Probe(
            "close after keep-alive",
            "GET /ok HTTP/1.1\r\n\(host)Connection: keep-alive\r\nConnection: close\r\n\r\n",
            200,
            .closed
        ),
        Probe("closet", "GET /ok HTTP/1.1\r\n\(host)Connection: closet\r\n\r\n", 200, .open),
        Probe("HTTP/1.0", "GET /ok HTTP/1.0\r\n\(host)\r\n", 200, .closed),
        Probe("HTTP/1.0 keep-alive", "GET /ok HTTP/1.0\r\n\(host)Connection: Keep-Alive\r\n\r\n", 200, .open),
        Probe("HTTP/1.0 stream", "GET /stream HTTP/1.0\r\n\(host)Connection: keep-alive\r\n\r\n", 200, .closed),
        Probe("not found", "GET /no HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("failed", "GET /fails HTTP/1.1\r\n\(host)\r\n", 500, .open),
    ]

    static let methods = [
        Probe("wrong method", "DELETE /ok HTTP/1.1\r\n\(host)\r\n", 405, .open),
        Probe("HEAD", "HEAD /ok HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("HEAD of nothing", "HEAD /no HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("HEAD of a stream", "HEAD /stream HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("OPTIONS", "OPTIONS /ok HTTP/1.1\r\n\(host)\r\n", 204, .open),
        Probe("OPTIONS *", "OPTIONS * HTTP/1.1\r\n\(host)\r\n", 204, .open),
        Probe("GET *", "GET * HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("unknown method", "BREW /ok HTTP/1.1\r\n\(host)\r\n", 501, .closed),
        Probe("lower-case method", "get /ok HTTP/1.1\r\n\(host)\r\n", 501, .closed),
        Probe("method known elsewhere", "PROPFIND /ok HTTP/1.1\r\n\(host)\r\n", 501, .open),
        Probe("TRACE", "TRACE /ok HTTP/1.1\r\n\(host)\r\n", 501, .open),
        Probe("CONNECT", "CONNECT a:443 HTTP/1.1\r\n\(host)\r\n", 501, .closed),
    ]

    static let expectations = [
        Probe("unknown expectation", post("Expect: magic\r\nContent-Length: 5\r\n", "hello"), 417, .closed),
        Probe(
            "expectation in HTTP/1.0",
            "POST /echo HTTP/1.0\r\n\(host)Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
            200,
            .closed
        ),
        Probe(
            "expectation and body at once",
            post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"),
            200,
            .open
        ),
    ]

    static let upgrades = [
        Probe(
            "ignored upgrade",
            "GET /ok HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            200,
            .closed
        ),
        Probe(
            "upgrade to HTTP/2",
            "GET /ok HTTP/1.1\r\n\(host)Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
            200,
            .closed
        ),
        Probe("stray Connection: Upgrade", "GET /ok HTTP/1.1\r\n\(host)Connection: Upgrade\r\n\r\n", 200, .open),
    ]

    static let targets = [
        Probe("absolute form", "GET http://a/ok HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("absolute form without path", "GET http://a HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("encoded letter", "GET /%6fk HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("cut escape", "GET /o%6 HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("bad escape", "GET /o%zz HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("encoded NUL", "GET /jobs/%00 HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("encoded bad UTF-8", "GET /jobs/%ff HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("fragment", "GET /ok#x HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("double slash", "GET //ok HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("trailing slash", "GET /ok/ HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("dot segments", "GET /x/../ok HTTP/1.1\r\n\(host)\r\n", 404, .open),
        Probe("unknown query parameter", "GET /ok?x=1 HTTP/1.1\r\n\(host)\r\n", 400, .open),
        Probe("known query parameter", "GET /jobs/1?limit=3 HTTP/1.1\r\n\(host)\r\n", 200, .open),
        Probe("bad query escape", "GET /jobs/1?limit=%4 HTTP/1.1\r\n\(host)\r\n", 400, .open),
    ]

    private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private static func post(_ fields: String, _ body: String, to path: String = "/echo") -> String {
        "POST \(path) HTTP/1.1\r\n\(self.host)\(fields)\r\n\(body)"
    }

    private static func chunked(_ body: String, to path: String = "/echo") -> String {
        Self.post("Transfer-Encoding: chunked\r\n", body, to: path)
    }
}

struct ConformanceTests {
    @Test(arguments: Probe.all)
    func `a request gets the status and the connection the fate that the RFCs ask for`(_ probe: Probe) async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            // The server may answer, and close, before it has taken all.
            try? client.send(probe.request)
            let isHead = probe.request.hasPrefix("HEAD")
            var leftover: [UInt8] = []
            var response = try #require(try await client.response(toHead: isHead, leftover: &leftover))
            if response.status == 100 { response = try #require(try await client.response(leftover: &leftover)) }
            #expect(response.status == probe.status)
            #expect(response["date"] != nil)
            #expect(response["x-request-id"] != nil)
            if response.status >= 400, !isHead {
                #expect(response["content-type"] == "application/problem+json")
                #expect(response.text.contains(#""requestId":"\#(response["x-request-id"] ?? "")""#))
            }
            // A connection that says it closes must close, and one that does not must serve another request.
            if response["transfer-encoding"] == nil, response["content-length"] != nil || isHead {
                #expect((response["connection"] == "close") == (probe.fate == .closed))
            }
            // Refused when the server has closed, which the answer that is missing then tells.
            try? client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            let next = try await client.response(leftover: &leftover)
            #expect(next?.status == (probe.fate == .open ? 200 : nil))
        }
    }

    @Test func `100 Continue is sent when the handler asks for the body, and only then`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(try await client.response()?.status == 100)
            try client.send("hello")
            #expect(try await client.response()?.text == "hello")

            try client.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            let refused = try #require(try await client.response())
            #expect(refused.status == 404)
            #expect(refused["connection"] == "close")
        }
    }

    @Test func `Allow names the methods of the path, and of the server for the asterisk`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("DELETE /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?["allow"] == "GET, HEAD, OPTIONS")
            try client.send("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?["allow"] == "OPTIONS, POST")
            try client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?["allow"] == "GET, HEAD, OPTIONS, POST, PUT")
        }
    }

    @Test func `an answer to HEAD has the length of the content and no content`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("HEAD /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let (bytes, fate) = try await client.readToEnd()
            #expect(fate == .closed)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains("content-length: 2\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `an error after the head of a chunked body gives one answer`() async throws {
        try await withServer { port, _ in
            for path in ["/echo", "/nowhere", "/ignore"] {
                let client = try RawClient(port: port)
                try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                let (bytes, fate) = try await client.readToEnd()
                #expect(fate == .closed)
                #expect(String(decoding: bytes, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").count == 2)
            }
        }
    }

    @Test func `each byte of a request may come alone`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            for byte in Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8) {
                try client.send([byte])
            }
            #expect(try await client.response()?.text == "abc")
        }
    }

    @Test func `a request after good ones in one read is judged by itself`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send(
                "GET /ok HTTP/1.1\r\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\nBREW /ok HTTP/1.1\r\n\r\n"
            )
            var leftover: [UInt8] = []
            var statuses: [Int?] = []
            for _ in 0..<4 { statuses.append(try await client.response(leftover: &leftover)?.status) }
            #expect(statuses == [200, 200, 501, nil])
        }
    }
}
