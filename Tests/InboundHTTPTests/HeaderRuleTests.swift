import Testing

@testable import InboundHTTP

struct HeaderRuleTests {
    @Test(arguments: [
        ("gzip", true), ("GZIP", true), ("br, gzip;q=0.5", true), ("gzip;q=0", false), ("gzip; q=0.000", false),
        ("identity", false), ("*", true), ("*;q=0", false), ("gzip;q=0, *", false), ("", false), ("x-gzip", true),
        ("br;q=1, *;q=0.1", true), ("gzipped", false),
    ])
    func `gzip is used when the client takes it`(field: String, accepted: Bool) {
        #expect(Compression.isAccepted(by: field) == accepted)
    }

    @Test(arguments: [
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more",
    ])
    func `a valid trace context is continued under a span of ours`(header: String) throws {
        let child = try #require(TraceContext(header: header)).child(span: 0xAB)
        #expect(child.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(child.header.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-00000000000000ab-0"))
    }

    @Test(arguments: [
        "", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
    ])
    func `an invalid trace context is ignored`(header: String) {
        #expect(TraceContext(header: header) == nil)
    }

    @Test(arguments: [
        (["10.0.0.0/8"], "10.1.1.1", ["1.2.3.4"], "1.2.3.4"),
        (["10.0.0.0/8"], "11.1.1.1", ["1.2.3.4"], "11.1.1.1"),
        (["10.0.0.0/8"], "10.1.1.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (["10.0.0.0/8"], "10.1.1.1", ["6.6.6.6", "1.2.3.4, 10.2.2.2"], "1.2.3.4"),
        (["10.0.0.0/8"], "10.1.1.1", ["1.2.3.4, junk, 10.2.2.2"], "10.2.2.2"),
        (["10.0.0.0/8"], "10.1.1.1", [""], "10.1.1.1"),
        (["10.0.0.0/8"], "10.1.1.1", ["1.2.3.4:5678"], "1.2.3.4"),
        (["10.0.0.0/8"], "10.1.1.1", ["[2001:db8::1]:99"], "2001:db8::1"),
        (["10.0.0.0/8"], "::ffff:10.1.1.1", ["1.2.3.4"], "1.2.3.4"),
        (["2001:db8::/33"], "2001:db8:7fff::1", ["1.2.3.4"], "1.2.3.4"),
        (["2001:db8::/33"], "2001:db8:8000::1", ["1.2.3.4"], "2001:db8:8000::1"),
        ([], "10.1.1.1", ["1.2.3.4"], "10.1.1.1"),
    ])
    func `the client is the last address that no proxy of ours has`(
        proxies: [String],
        peer: String,
        fields: [String],
        client: String
    ) throws {
        #expect(try TrustedProxies(proxies).client(peer: peer, forwardedFor: fields) == client)
    }

    @Test(arguments: ["10.0.0.0/33", "x", "10.0.0.0/", "10.0.0.0/8/8", "/8", "::/129"])
    func `a block that is none is refused`(text: String) {
        #expect(throws: HTTPServerError.self) { try TrustedProxies([text]) }
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false),
        ("x", false),
    ])
    func `loopback is known in all its forms`(address: String, isLoopback: Bool) {
        #expect(TrustedProxies.isLoopback(address) == isLoopback)
    }

    @Test(arguments: [
        ("application/json", true), ("application/json; charset=utf-8", true), ("Application/JSON", true),
        ("application/merge-patch+json", true), ("text/json", false), ("application/jsonx", false), ("", false),
        ("text/plain+json", false),
    ])
    func `JSON is known by its media type`(type: String, isJSON: Bool) {
        #expect(HTTPRequest.isJSON(type) == isJSON)
    }

    @Test(arguments: [
        ("abc-1_2.3:4/5+6=", true), ("", false), ("a b", false), ("a\"b", false), ("é", false),
        (String(repeating: "a", count: 129), false),
    ])
    func `only a harmless request id is repeated`(id: String, accepted: Bool) {
        #expect(RequestID.isAcceptable(id) == accepted)
    }

    @Test(arguments: [
        ("date", "x"), ("Content-Length", "3"), ("Connection", "x"), ("transfer-encoding", "chunked"),
        ("x", "a\r\nb: c"), ("x y", "z"), ("", "z"), ("x:", "z"), ("x", "a\u{0}"),
    ])
    func `a handler cannot write fields that would break the framing`(name: String, value: String) {
        #expect(!ResponseEncoding.mayWrite(name: name, value: value))
    }
}
