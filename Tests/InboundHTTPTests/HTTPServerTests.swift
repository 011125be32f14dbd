import InboundHTTP
import NIOCore
import NIOHTTP1
import Testing

struct HTTPServerTests {
    @Test func `a request is answered with date, length and request id`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /ok HTTP/1.1\r\nHost: a\r\nX-Request-Id: abc-1\r\n\r\n")
            let response = try #require(try await client.response())
            #expect(response.status == 200)
            #expect(response.text == "ok")
            #expect(response["content-length"] == "2")
            #expect(response["x-request-id"] == "abc-1")
            #expect(response["date"]?.hasSuffix(" GMT") == true)
            #expect(response["connection"] == nil)
        }
    }

    @Test func `an unknown path is a problem with code and request id`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try #require(try await client.response())
            #expect(response.status == 404)
            #expect(response["content-type"] == "application/problem+json")
            #expect(response.text.contains(#""code":"not-found""#))
            let id = try #require(response["x-request-id"])
            #expect(response.text.contains(#""requestId":"\#(id)""#))
        }
    }

    @Test func `pipelined requests are answered in order`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send((0..<500).map { "GET /jobs/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            var leftover: [UInt8] = []
            for number in 0..<500 {
                let response = try #require(try await client.response(leftover: &leftover))
                #expect(response.text == "\(number)")
            }
        }
    }

    @Test func `a body comes back whole however it is framed`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await client.response()?.text == "hello")
            try client.send(
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            )
            #expect(try await client.response()?.text == "abcde")
        }
    }

    @Test func `a stream arrives in chunks and the connection stays usable`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try #require(try await client.response())
            #expect(response["transfer-encoding"] == "chunked")
            #expect(response.text == "part 0\npart 1\npart 2\n")
            try client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response()?.text == "ok")
        }
    }
}
