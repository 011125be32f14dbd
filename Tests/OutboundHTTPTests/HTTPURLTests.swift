import Testing

@testable import OutboundHTTP

@Suite("HTTP URL")
struct HTTPURLTests {
    @Test(arguments: [
        ("http://a", "http://a:80", "/"), ("HTTPS://Host.Example/x?y=1", "https://host.example:443", "/x?y=1"),
        ("http://a:8080?q", "http://a:8080", "/?q"),
        ("https://[2001:DB8::1]:31116/p", "https://[2001:db8::1]:31116", "/p"),
        ("http://127.0.0.1:1/a/../b//c;d@e:f", "http://127.0.0.1:1", "/a/../b//c;d@e:f"),
        ("http://a/?next=http://b", "http://a:80", "/?next=http://b"),
    ])
    func `an absolute URL has an origin and a target`(url: String, origin: String, target: String) throws {
        let parsed = try HTTPURL(url)
        #expect(parsed.origin.description == origin)
        #expect(parsed.target == target)
    }

    @Test(arguments: [
        "", "a", "/a", "//a/b", "ftp://a/", "file:///etc/passwd", "http://", "http:///x", "http://a:0/",
        "http://a:65536",
        "http://a:/", "http://a:1x/", "http://u:p@a/", "http://a\\@b/", "http://a b/", "http://a/\r\nX: y",
        "http://a/ä",
        "http://a/#f", "http://[::1", "http://[a]/", "http://[]/", "http://a%2eb/", "http://a,b/", "http://a/\0",
        "http://[::1]x/",
    ])
    func `what a receiver might read otherwise is refused`(url: String) {
        let error = #expect(throws: HTTPClientError.self) { try HTTPURL(url) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `credentials of a refused URL are not repeated`() {
        let error = #expect(throws: HTTPClientError.self) { try HTTPURL("http://user:secret@a/") }
        #expect(error?.message.contains("secret") == false)
    }
}
